"""The frozen Message, the names of its headers, and which of them a message hands on to what it causes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ecotone_lite.clock import Clock
from ecotone_lite.errors import HeaderNotFound, InvalidHeader
from ecotone_lite.identity import IdGenerator

__all__ = ["Headers", "Message", "MessageFactory"]

MESSAGE_ID = "id"
CORRELATION_ID = "correlationId"
PARENT_ID = "parentId"
TIMESTAMP = "timestamp"
CONTENT_TYPE = "contentType"
TYPE_ID = "__TypeId__"
ROUTING_SLIP = "routingSlip"
REPLY_CHANNEL = "replyChannel"
ERROR_CHANNEL = "errorChannel"
POLLED_CHANNEL_NAME = "polledChannelName"
DELIVERY_DELAY = "deliveryDelay"
TIME_TO_LIVE = "timeToLive"
PRIORITY = "priority"

AGGREGATE_ID_OVERRIDE = "aggregate.id"
AGGREGATE_IDENTIFIERS = "ecotone.modelling.aggregate.id"
EVENT_AGGREGATE_TYPE = "_aggregate_type"
EVENT_AGGREGATE_ID = "_aggregate_id"
EVENT_AGGREGATE_VERSION = "_aggregate_version"

PARTITION_TARGET_KEY = "ecotone.kafka.partition_target_key"
PARTITION_SOURCE_KEY = "ecotone.kafka.partition_source_key"

_NEVER_HANDED_ON = frozenset(
    {
        MESSAGE_ID,
        CORRELATION_ID,
        PARENT_ID,
        TIMESTAMP,
        CONTENT_TYPE,
        TYPE_ID,
        ROUTING_SLIP,
        REPLY_CHANNEL,
        ERROR_CHANNEL,
        POLLED_CHANNEL_NAME,
        DELIVERY_DELAY,
        TIME_TO_LIVE,
        PRIORITY,
        AGGREGATE_ID_OVERRIDE,
        "revision",
        "sequenceNumber",
        "sequenceSize",
    }
)
_FAMILIES_NEVER_HANDED_ON = ("ecotone.", "kafka_", "_aggregate_", "_stream_")
_BUS = "ecotone.modelling.bus."
_DECIDED_BY_THE_FRAMEWORK = frozenset({ROUTING_SLIP, REPLY_CHANNEL, POLLED_CHANNEL_NAME, AGGREGATE_IDENTIFIERS})


class Headers(Mapping[str, Any]):
    """What is known about a message beside its payload; read-only (Ecotone: MessageHeaders).

    Asking for a header that is not there raises HeaderNotFound, which is a KeyError and names the nearest.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    @classmethod
    def owning(cls, values: dict[str, Any]) -> Self:
        """Headers around a dictionary that nobody else will change, without a copy."""
        headers = cls.__new__(cls)
        headers._values = values  # noqa: SLF001 - its own
        return headers

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise HeaderNotFound(name, known=self._values) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def to_dict(self) -> dict[str, Any]:
        """A copy that may be changed."""
        return dict(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


@dataclass(frozen=True, slots=True)
class Message:
    """A payload and its headers; never changed, a change gives another message."""

    payload: Any
    headers: Headers

    @property
    def message_id(self) -> str:
        return str(self.headers[MESSAGE_ID])

    @property
    def correlation_id(self) -> str:
        return str(self.headers[CORRELATION_ID])

    @property
    def parent_id(self) -> str | None:
        """The id of the message whose handling sent this one."""
        parent: str | None = self.headers.get(PARENT_ID)
        return parent

    @property
    def timestamp(self) -> int:
        """When it was made, in seconds since 1970."""
        return int(self.headers[TIMESTAMP])

    def with_payload(self, payload: object) -> "Message":
        return Message(payload, self.headers)

    def with_headers(self, changes: Mapping[str, object]) -> "Message":
        """With these headers set; None takes a header away."""
        return Message(self.payload, Headers.owning(without_none({**self.headers, **changes})))

    def without_headers(self, *names: str) -> "Message":
        kept = {name: value for name, value in self.headers.items() if name not in names}
        return Message(self.payload, Headers.owning(kept))


class MessageFactory:
    """Makes messages: gives each its id, its time and its place among the messages of its flow."""

    def __init__(self, clock: Clock, ids: IdGenerator) -> None:
        self._clock = clock
        self._ids = ids

    def create(
        self,
        payload: object,
        metadata: Mapping[str, object] | None = None,
        *,
        cause: "Lineage | None" = None,
        routing: Mapping[str, object] | None = None,
    ) -> Message:
        """A new message; raises InvalidHeader for metadata whose names are not non-empty strings.

        `routing`: headers that the framework itself sets; metadata, all headers of another message maybe, cannot.

        Sent while another message is handled (its `cause`), it has that message's user headers, where the metadata
        does not say otherwise (None takes one away), its correlation id, and its id as parent id. Otherwise the
        correlation id is its own id.
        """
        headers = dict(cause.headers) if cause else {}
        if metadata:
            headers = without_none({**headers, **_checked(metadata)})
        if routing:
            headers.update(routing)
        if not headers.get(MESSAGE_ID):
            headers[MESSAGE_ID] = self._ids.new_id()
        if cause:
            headers[CORRELATION_ID] = cause.correlation_id
            if headers[MESSAGE_ID] != cause.message_id:
                headers[PARENT_ID] = cause.message_id
        elif not headers.get(CORRELATION_ID):
            headers[CORRELATION_ID] = headers[MESSAGE_ID]
        headers[TIMESTAMP] = self._seconds(headers.get(TIMESTAMP))
        return Message(payload, Headers.owning(headers))

    def _seconds(self, given: object) -> int:
        if given is None:
            return int(self._clock.now().timestamp())
        try:
            seconds = int(str(given))
        except ValueError:
            seconds = 0
        return seconds or int(self._clock.now().timestamp())


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a message hands on to the messages that are sent while it is handled."""

    message_id: str
    correlation_id: str
    headers: Mapping[str, Any]

    @classmethod
    def of(cls, message: Message) -> "Lineage":
        return cls(message.message_id, message.correlation_id, handed_on(message.headers))


def routing_key_header(kind: str) -> str:
    """The header that carries the routing key of a "command", "event" or "query" within the process."""
    return f"{_BUS}{kind}_by_name"


def handed_on(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The user's headers: all that are neither the framework's, nor the transport's, nor an aggregate's own."""
    return {
        name: value
        for name, value in headers.items()
        if name not in _NEVER_HANDED_ON and not name.startswith(_FAMILIES_NEVER_HANDED_ON)
    }


def without_none(headers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if value is not None}


def _checked(metadata: Mapping[Any, object]) -> dict[str, Any]:
    for name in metadata:
        if not isinstance(name, str) or not name:
            raise InvalidHeader(f"a header name is a non-empty string, not {name!r}")
    return {
        name: value
        for name, value in metadata.items()
        if name not in _DECIDED_BY_THE_FRAMEWORK and not name.startswith(_BUS)
    }
