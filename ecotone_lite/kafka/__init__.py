"""Kafka: what a user writes, the adapter, and its form in memory, side by side."""

from ecotone_lite.kafka.channel import KafkaChannel
from ecotone_lite.kafka.configuration import KafkaBrokerConfiguration
from ecotone_lite.kafka.header import KafkaHeader

__all__ = ["KafkaBrokerConfiguration", "KafkaChannel", "KafkaHeader"]
