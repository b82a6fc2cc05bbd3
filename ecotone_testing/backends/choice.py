"""Backends by name."""

from ecotone_lite.errors import nearest
from ecotone_testing.backends.backend import Backend
from ecotone_testing.backends.broker import BrokerBackend, Connection
from ecotone_testing.backends.memory import MemoryBackend
from ecotone_testing.brokers.provider import Broker, BrokerProvider

__all__ = ["BACKENDS", "make_backend"]

BACKENDS = ("memory", "kafka-mock", "kafka", "rabbitmq", "kafka+rabbitmq")
"""Their names."""


def make_backend(name: str, provider: BrokerProvider) -> Backend:
    """The backend of this name, to be closed in the end; asks `provider` for the addresses of real brokers.

    Raises ValueError for a name that is none, and BrokerUnavailable.
    """
    if name not in BACKENDS:
        raise ValueError(f"there is no backend {name!r}{nearest(name, BACKENDS)}")
    if name == "memory":
        return MemoryBackend()
    return BrokerBackend(name, [_connection(part, provider) for part in name.split("+")])


def _connection(broker: str, provider: BrokerProvider) -> Connection:
    """Imports a broker's client where the broker is used, and nowhere else."""
    if broker == "rabbitmq":
        from ecotone_testing.backends.rabbitmq import RabbitMqBroker

        return RabbitMqBroker(provider.get(Broker.RABBITMQ).address)
    from ecotone_testing.backends.kafka import KafkaConnection, MockKafkaConnection

    if broker == "kafka-mock":
        return MockKafkaConnection()
    return KafkaConnection(provider.get(Broker.KAFKA).address.split(","))
