"""RabbitMQ for runs: the adapter over a real broker."""

from collections.abc import Callable

from ecotone_lite import Channel, MessageChannel
from ecotone_lite.channels.channel import Transport
from ecotone_lite.rabbitmq import RabbitMqChannel, RabbitMqConnection
from ecotone_lite.rabbitmq.adapter import RabbitMqTransport
from ecotone_testing.backends.broker import Connection

__all__ = ["RabbitMqBroker"]


class RabbitMqBroker(Connection):
    """A RabbitMQ broker; each run has connections of its own."""

    broker = "rabbitmq"
    capabilities = frozenset({"rabbitmq", "competing_consumers", "header_types", "requeue"})

    def __init__(self, url: str) -> None:
        self._connection = RabbitMqConnection(url)

    def of_this_kind(self, channel: Channel) -> MessageChannel:
        return RabbitMqChannel(channel.name)

    def open(self, physical_name: Callable[[str], str]) -> Transport:
        return RabbitMqTransport(self._connection, physical_name=physical_name)
