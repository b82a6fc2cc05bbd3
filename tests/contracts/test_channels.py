"""The contract of channels, on every channel there is."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from ecotone_lite import MessageChannel, QueueChannel
from ecotone_lite.channels.channel import PollableChannel, Transport
from ecotone_lite.channels.memory import InMemoryTransport
from ecotone_lite.kafka import KafkaChannel
from ecotone_lite.rabbitmq import RabbitMqChannel
from ecotone_testing.backends.broker import Connection
from ecotone_testing.backends.kafka import KafkaConnection, MockKafkaConnection
from ecotone_testing.backends.memory import MemoryBackend
from ecotone_testing.backends.rabbitmq import RabbitMqBroker
from ecotone_testing.contracts.channel import *  # noqa: F403 - a contract is taken whole
from ecotone_testing.contracts.channel import ChannelsUnderTest

Declare = Callable[[str, int], MessageChannel]

IN_MEMORY: dict[str, tuple[Declare, frozenset[str]]] = {
    "queue": (lambda name, _: QueueChannel(name), MemoryBackend.capabilities - {"independent_groups"}),
    "kafka-in-memory": (lambda name, partitions: KafkaChannel(name, partitions=partitions), MemoryBackend.capabilities),
    "rabbitmq-in-memory": (
        lambda name, _: RabbitMqChannel(name),
        MemoryBackend.capabilities - {"independent_groups"},
    ),
}
ON_BROKERS: dict[str, Declare] = {
    "kafka-mock": lambda name, partitions: KafkaChannel(name, partitions=partitions),
    "kafka": lambda name, partitions: KafkaChannel(name, partitions=partitions),
    "rabbitmq": lambda name, _: RabbitMqChannel(name),
}
PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module", params=[*IN_MEMORY, *ON_BROKERS])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def connection(kind: str, request: pytest.FixtureRequest) -> Iterator[Connection | None]:
    connection: Connection | None = None
    if kind == "kafka-mock":
        connection = MockKafkaConnection()
    elif kind == "kafka":
        connection = KafkaConnection(request.getfixturevalue("kafka_bootstrap_servers").split(","))
    elif kind == "rabbitmq":
        connection = RabbitMqBroker(request.getfixturevalue("amqp_url"))
    yield connection
    if connection is not None:
        connection.close()


@pytest.fixture
def channels(kind: str, connection: Connection | None, run_name: str) -> Iterator[ChannelsUnderTest]:
    if connection is None:
        declare, capabilities = IN_MEMORY[kind]
        yield ChannelsUnderTest(_opener(InMemoryTransport(), declare), capabilities, PATIENCE_SECONDS)
        return
    transport = connection.open(lambda name: f"{name}.{run_name}")
    yield ChannelsUnderTest(_opener(transport, ON_BROKERS[kind]), connection.capabilities, PATIENCE_SECONDS)
    transport.drop()


def _opener(transport: Transport, declare: Declare) -> Callable[[int], PollableChannel]:
    numbers = count()
    return lambda partitions: transport.open(declare(f"channel{next(numbers)}", partitions))
