"""Kafka for runs: the adapter over a real cluster, or over librdkafka's mock."""

from collections.abc import Callable, Sequence

from ecotone_lite import Channel, MessageChannel
from ecotone_lite.channels.channel import Transport
from ecotone_lite.kafka import KafkaBrokerConfiguration, KafkaChannel
from ecotone_lite.kafka.adapter import KafkaTransport
from ecotone_lite.kafka.clients import KafkaClients
from ecotone_testing.backends.broker import Connection
from ecotone_testing.brokers.mock_kafka import MockKafka

__all__ = ["KafkaConnection", "MockKafkaConnection"]

_IMPATIENT = {"retry.backoff.ms": 20, "topic.metadata.refresh.fast.interval.ms": 10}
_IMPATIENT_CONSUMER = {"fetch.wait.max.ms": 20, "heartbeat.interval.ms": 200, "session.timeout.ms": 6000}
_SHORT_SESSION = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 100}
"""The mock waits for the members of a group as long as a session, less a second."""


class KafkaConnection(Connection):
    """A Kafka cluster; its producer serves all runs, since a new one takes half a second to be allowed to send."""

    broker = "kafka"
    capabilities = frozenset({"kafka", "competing_consumers", "independent_groups", "replay_history"})

    def __init__(self, bootstrap_servers: Sequence[str]) -> None:
        configuration = KafkaBrokerConfiguration(bootstrap_servers, _IMPATIENT)
        self._clients = KafkaClients(configuration, consumer_options=self._consumer_options())

    def of_this_kind(self, channel: Channel) -> MessageChannel:
        return KafkaChannel(channel.name, partitions=channel.partitions)

    def open(self, physical_name: Callable[[str], str]) -> Transport:
        return KafkaTransport(self._clients, physical_name=physical_name)

    def _consumer_options(self) -> dict[str, object]:
        return {**_IMPATIENT_CONSUMER}


class MockKafkaConnection(KafkaConnection):
    """librdkafka's mock cluster, for as long as this is open."""

    def __init__(self) -> None:
        self._mock = MockKafka()
        super().__init__([self._mock.address])

    def open(self, physical_name: Callable[[str], str]) -> Transport:
        return KafkaTransport(self._clients, physical_name=physical_name, administration=self._mock)

    def close(self) -> None:
        self._mock.close()

    def _consumer_options(self) -> dict[str, object]:
        return {**_IMPATIENT_CONSUMER, **_SHORT_SESSION}
