"""Which transport opens a declared channel, in production."""

import os
from collections.abc import Callable
from typing import TypeVar

from ecotone_lite.channels.channel import MessageChannel, PollableChannel, Transport
from ecotone_lite.channels.memory import InMemoryTransport
from ecotone_lite.configuration import ServiceConfiguration
from ecotone_lite.kafka import KafkaBrokerConfiguration
from ecotone_lite.rabbitmq import RabbitMqConnection

__all__ = ["KAFKA_ADDRESS", "RABBITMQ_ADDRESS", "ProductionTransport"]

KAFKA_ADDRESS = "ECOTONE_KAFKA_BOOTSTRAP_SERVERS"
RABBITMQ_ADDRESS = "ECOTONE_AMQP_URL"

SettingsT = TypeVar("SettingsT")


class ProductionTransport(Transport):
    """Channels of a broker on that broker, at the address configured or that of the environment; others in memory.

    A broker's client is imported, and its address looked up, when the first channel of its kind is opened.
    """

    def __init__(self, configuration: ServiceConfiguration) -> None:
        self._configuration = configuration
        self._opened: dict[str | None, Transport] = {}

    def open(self, declared: MessageChannel) -> PollableChannel:
        if declared.broker not in self._opened:
            self._opened[declared.broker] = self._transport(declared.broker)
        return self._opened[declared.broker].open(declared)

    def close(self) -> None:
        for transport in self._opened.values():
            transport.close()

    def _transport(self, broker: str | None) -> Transport:
        if broker == "kafka":
            from ecotone_lite.kafka.adapter import KafkaTransport
            from ecotone_lite.kafka.clients import KafkaClients

            return KafkaTransport(KafkaClients(self._settings(KafkaBrokerConfiguration, _kafka_from_environment)))
        if broker == "rabbitmq":
            from ecotone_lite.rabbitmq.adapter import RabbitMqTransport

            return RabbitMqTransport(self._settings(RabbitMqConnection, _rabbitmq_from_environment))
        return InMemoryTransport()

    def _settings(self, kind: type[SettingsT], from_environment: Callable[[], SettingsT]) -> SettingsT:
        configured = self._configuration.extensions(kind)
        return configured[-1] if configured else from_environment()


def _kafka_from_environment() -> KafkaBrokerConfiguration:
    servers = os.environ.get(KAFKA_ADDRESS)
    return KafkaBrokerConfiguration(servers.split(",")) if servers else KafkaBrokerConfiguration()


def _rabbitmq_from_environment() -> RabbitMqConnection:
    return RabbitMqConnection(os.environ.get(RABBITMQ_ADDRESS, "amqp://guest:guest@localhost:5672/"))
