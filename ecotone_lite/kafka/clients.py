"""The clients of one cluster: a producer that checks every delivery report, an administrator, and members of groups."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ecotone_lite.channels.partition_key import partition_key
from ecotone_lite.channels.wire_headers import travelling, with_text_values
from ecotone_lite.clock import Deadline
from ecotone_lite.errors import BrokerUnreachable, ConfigurationError, MessageNotSent
from ecotone_lite.kafka.configuration import KafkaBrokerConfiguration
from ecotone_lite.kafka.header import KafkaHeader
from ecotone_lite.message import Message

try:
    from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic
except ImportError as error:  # pragma: no cover - needs an environment without the client
    raise ConfigurationError("Kafka needs its client; install it: pip install 'ecotone-lite[kafka]'") from error

__all__ = ["KafkaClients"]

_LOG = logging.getLogger("ecotone_lite.kafka")
_LOG.addHandler(logging.NullHandler())
_SEND_SECONDS = 12.0
_ADMIN_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_PROBE_SECONDS = 3.0

_PRODUCER: Mapping[str, object] = {
    "enable.idempotence": True,
    "acks": "all",
    "max.in.flight.requests.per.connection": 5,
    "retries": 5,
    "retry.backoff.ms": 300,
    "message.timeout.ms": 8000,
    "socket.nagle.disable": True,
}
_CONSUMER: Mapping[str, object] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "session.timeout.ms": 30000,
    "socket.nagle.disable": True,
    "socket.timeout.ms": 10000,
}


class KafkaClients:
    """What talks to one cluster; each client is made when it is first needed.

    `consumer_options` are librdkafka's, for consumers only. What the clients log goes to the logger
    `ecotone_lite.kafka`.
    """

    def __init__(
        self, configuration: KafkaBrokerConfiguration, *, consumer_options: Mapping[str, object] | None = None
    ) -> None:
        self._options: dict[str, Any] = {
            **configuration.options,
            "bootstrap.servers": ",".join(configuration.bootstrap_servers),
            "error_cb": self._on_error,
        }
        self._consumer_options = {**_CONSUMER, **(consumer_options or {})}
        self.address = ", ".join(configuration.bootstrap_servers)
        self._producer: Producer | None = None
        self._admin: AdminClient | None = None

    def send(self, topic: str, messages: Sequence[Message]) -> None:
        """Produce these and wait for every delivery report; raises MessageNotSent, or BrokerUnreachable."""
        if self._producer is None:
            self._producer = Producer({**_PRODUCER, **self._options}, logger=_LOG)
        reports = _DeliveryReports()
        deadline = Deadline.after(_SEND_SECONDS)
        for message in messages:
            _produce(self._producer, topic, message, reports, deadline)
        unsettled = self._producer.flush(deadline.remaining())
        if reports.arrived < len(messages):
            self._producer.purge()
            raise self._not_sent(topic, len(messages) - reports.arrived, reports, unsettled)

    def declare(self, topic: str, partitions: int) -> None:
        """Make the topic if it is not there; raises BrokerUnreachable."""
        admin = self._administration()
        try:
            metadata = admin.list_topics(timeout=_ANSWER_SECONDS)
        except KafkaException as error:
            raise self._unreachable() from error
        if topic in metadata.topics:
            return
        if metadata.controller_id < 0:
            # A cluster that cannot be administrated makes a topic when it is first asked about.
            admin.list_topics(topic, timeout=_ADMIN_SECONDS)
            return
        self._create(admin, topic, partitions)

    def consumer(self, group: str) -> Consumer:
        """A consumer that can be a member of this group."""
        return Consumer({**self._consumer_options, **self._options, "group.id": group}, logger=_LOG)

    def check_reachable(self) -> None:
        """Raises BrokerUnreachable when the cluster does not answer now."""
        try:
            self._administration().list_topics(timeout=_PROBE_SECONDS)
        except KafkaException as error:
            raise self._unreachable() from error

    def delete(self, topics: Sequence[str], groups: Sequence[str]) -> None:
        """Delete these; what fails is logged."""
        try:
            self.check_reachable()
        except BrokerUnreachable as unreachable:
            _LOG.info("%s were not deleted: %s", ", ".join((*topics, *groups)), unreachable)
            return
        admin = self._administration()
        answers: dict[str, Any] = {}
        if topics:
            answers.update(admin.delete_topics(list(topics), request_timeout=_PROBE_SECONDS))
        if groups:
            answers.update(admin.delete_consumer_groups(list(groups), request_timeout=_PROBE_SECONDS))
        for name, answer in answers.items():
            try:
                answer.result(timeout=_ADMIN_SECONDS)
            except (KafkaException, TimeoutError) as error:
                _LOG.info("%s was not deleted: %s", name, error)

    def _administration(self) -> AdminClient:
        if self._admin is None:
            self._admin = AdminClient(self._options, logger=_LOG)
        return self._admin

    def _create(self, admin: AdminClient, topic: str, partitions: int) -> None:
        try:
            admin.create_topics([NewTopic(topic, num_partitions=partitions)])[topic].result(timeout=_ADMIN_SECONDS)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise MessageNotSent(f"topic {topic} cannot be made on Kafka at {self.address}: {error}") from error

    def _not_sent(self, topic: str, count: int, reports: "_DeliveryReports", unsettled: int) -> MessageNotSent:
        reasons = "; ".join(sorted(reports.reasons)) or f"{unsettled} not confirmed within {_SEND_SECONDS:g} s"
        try:
            self.check_reachable()
        except BrokerUnreachable as unreachable:
            return BrokerUnreachable(f"{unreachable}; {count} messages for {topic} not taken: {reasons}")
        return MessageNotSent(f"Kafka did not take {count} messages for {topic}: {reasons}")

    def _unreachable(self) -> BrokerUnreachable:
        return BrokerUnreachable(f"Kafka at {self.address} does not answer")

    def _on_error(self, error: KafkaError) -> None:
        _LOG.warning("Kafka at %s: %s", self.address, error)


class _DeliveryReports:
    """Counts what arrived, and remembers why others did not."""

    def __init__(self) -> None:
        self.arrived = 0
        self.reasons: set[str] = set()

    def __call__(self, error: KafkaError | None, _: object) -> None:
        if error is None:
            self.arrived += 1
        else:
            self.reasons.add(error.str())


def _produce(producer: Producer, topic: str, message: Message, reports: _DeliveryReports, deadline: Deadline) -> None:
    key = partition_key(message.headers)
    headers = with_text_values(travelling(message.headers))
    headers.pop(KafkaHeader.TARGET_KEY, None)
    headers[KafkaHeader.SOURCE_KEY] = key
    while True:
        try:
            producer.produce(topic, message.payload, key, headers=list(headers.items()), on_delivery=reports)
        except BufferError:
            producer.poll(0.1)
            if deadline.expired:
                reports.reasons.add("the local queue is full")
                return
        except KafkaException as error:
            reports.reasons.add(error.args[0].str())
            return
        else:
            return
