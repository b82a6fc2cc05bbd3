"""The channel ports over Kafka: messages by key, offsets committed one by one, a seek to release."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition

from ecotone_lite.channels.channel import Delivery, MessageChannel, PollableChannel, Receiver, Transport
from ecotone_lite.channels.wire_headers import decoded, from_wire
from ecotone_lite.clock import Deadline
from ecotone_lite.errors import ConfigurationError, DeliveryLost
from ecotone_lite.kafka.channel import KafkaChannel
from ecotone_lite.kafka.clients import KafkaClients
from ecotone_lite.kafka.header import KafkaHeader
from ecotone_lite.message import Message

__all__ = ["Administration", "KafkaTransport"]

_LOG = logging.getLogger("ecotone_lite.kafka")
_SILENCE_SECONDS = 3.0


class Administration(Protocol):
    """Makes topics, and takes topics and groups away."""

    def declare(self, topic: str, partitions: int) -> None:
        """Make the topic if it is not there."""
        ...

    def delete(self, topics: Sequence[str], groups: Sequence[str]) -> None:
        """Delete these."""
        ...


class KafkaTransport(Transport):
    """Opens Kafka channels on one cluster.

    `physical_name` translates the names of topics and groups. A topic is made, if it is not there, before it is first
    used, by the `administration`: the cluster's own unless given.
    """

    def __init__(
        self,
        clients: KafkaClients,
        *,
        physical_name: Callable[[str], str] = str,
        administration: Administration | None = None,
    ) -> None:
        self.clients = clients
        self.physical_name = physical_name
        self._administration = administration or clients
        self._topics: set[str] = set()
        self._groups: set[str] = set()
        self._receivers: list[_KafkaReceiver] = []

    def open(self, declared: MessageChannel) -> PollableChannel:
        if not isinstance(declared, KafkaChannel):
            raise ConfigurationError(f"{declared.name} is a {type(declared).__name__}, not a channel of Kafka")
        return _KafkaPollableChannel(declared, self)

    def declare(self, topic: str, partitions: int) -> None:
        """Make the topic if it is not there, once; raises BrokerUnreachable."""
        if topic not in self._topics:
            self._administration.declare(topic, partitions)
            self._topics.add(topic)

    def receiver(self, topic: str, partitions: int, group: str) -> Receiver:
        """A member of a group that joins when it is first asked for a message."""
        self._groups.add(group)
        receiver = _KafkaReceiver(topic, partitions, group, self)
        self._receivers.append(receiver)
        return receiver

    def drop(self) -> None:
        """Close the receivers, and delete the topics and groups that this transport used."""
        self._close_receivers()
        self._administration.delete(sorted(self._topics), sorted(self._groups))

    def close(self) -> None:
        self._close_receivers()

    def _close_receivers(self) -> None:
        for receiver in self._receivers:
            receiver.close()
        self._receivers.clear()


class _KafkaPollableChannel(PollableChannel):
    def __init__(self, declared: KafkaChannel, transport: KafkaTransport) -> None:
        self.name = declared.name
        self.partitions = declared.partitions
        self._declared = declared
        self._topic = transport.physical_name(declared.topic_name)
        self._transport = transport

    def send(self, messages: Sequence[Message]) -> None:
        if messages:
            self._transport.declare(self._topic, self._declared.partitions)
            self._transport.clients.send(self._topic, messages)

    def receiver(self, endpoint_id: str) -> Receiver:
        group = self._declared.group
        name = group if endpoint_id == self.name else f"{group}_{endpoint_id}"
        return self._transport.receiver(self._topic, self._declared.partitions, self._transport.physical_name(name))


class _KafkaReceiver(Receiver):
    """A member of a consumer group; while it joins, nothing is fetched for it."""

    def __init__(self, topic: str, partitions: int, group: str, transport: KafkaTransport) -> None:
        self._topic = topic
        self._partitions = partitions
        self._group = group
        self._transport = transport
        self._consumer: Consumer | None = None
        self._joining = False
        self._has_its_share = False
        self._quiet = Deadline.after(_SILENCE_SECONDS)

    def join(self, timeout: float = 0.0) -> bool:
        self._joining = self._joining or self._consumer is None
        if self._joining:
            self._member().poll(timeout)
        return self._has_its_share

    def receive(self, timeout: float = 0.0) -> Delivery | None:
        consumer = self._member()
        if self._joining:
            self._joining = False
            consumer.resume(consumer.assignment())
        record = consumer.poll(timeout)
        if record is None:
            self._check_now_and_then()
            return None
        if record.error() is not None:
            _LOG.info("%s: %s", self._topic, record.error())
            return None
        self._quiet = Deadline.after(_SILENCE_SECONDS)
        return _KafkaDelivery(record, consumer, self._transport.clients)

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _member(self) -> Consumer:
        if self._consumer is None:
            self._transport.declare(self._topic, self._partitions)
            self._consumer = self._transport.clients.consumer(self._group)
            self._consumer.subscribe([self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke)
        return self._consumer

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        self._has_its_share = True
        if self._joining:
            consumer.pause(partitions)

    def _on_revoke(self, _: Consumer, __: list[TopicPartition]) -> None:
        self._has_its_share = False

    def _check_now_and_then(self) -> None:
        """Librdkafka waits for a broker that is away without a word, so after a while of silence it is asked."""
        if self._quiet.expired:
            self._transport.clients.check_reachable()
            self._quiet = Deadline.after(_SILENCE_SECONDS)


class _KafkaDelivery(Delivery):
    def __init__(self, record: Any, consumer: Consumer, clients: KafkaClients) -> None:
        self.message = _message(record)
        self._place = TopicPartition(record.topic(), record.partition(), record.offset())
        self._consumer = consumer
        self._clients = clients

    def _acknowledge(self) -> None:
        place = self._place
        after = TopicPartition(place.topic, place.partition, place.offset + 1)
        try:
            self._consumer.commit(offsets=[after], asynchronous=False)
        except KafkaException as error:
            self._clients.check_reachable()
            raise DeliveryLost(f"offset {place.offset} of {place.topic} [{place.partition}]: {error}") from error

    def _release(self) -> None:
        try:
            self._consumer.seek(self._place)
        except KafkaException as error:
            # The partition was taken away meanwhile; whoever has it now starts at what was committed.
            _LOG.info("%s [%s] is no longer here: %s", self._place.topic, self._place.partition, error)

    def _reject(self) -> None:
        self._acknowledge()


def _message(record: Any) -> Message:
    headers: dict[str, Any] = dict(decoded(record.headers() or ()))
    headers[KafkaHeader.TOPIC] = record.topic()
    headers[KafkaHeader.PARTITION] = record.partition()
    headers[KafkaHeader.OFFSET] = record.offset()
    headers[KafkaHeader.TIMESTAMP] = record.timestamp()[1]
    key = record.key()
    if key is not None:
        headers.setdefault(KafkaHeader.SOURCE_KEY, key.decode(errors="backslashreplace"))
    otherwise = f"{record.topic()}-{record.partition()}-{record.offset()}"
    return from_wire(record.value() if record.value() is not None else b"null", headers, otherwise=otherwise)
