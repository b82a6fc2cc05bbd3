"""RabbitMQ: what a user writes, the adapter, and its form in memory, side by side."""

from ecotone_lite.rabbitmq.channel import RabbitMqChannel
from ecotone_lite.rabbitmq.connection import RabbitMqConnection

__all__ = ["RabbitMqChannel", "RabbitMqConnection"]
