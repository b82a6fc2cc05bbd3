"""One thing that happened."""

import re
from typing import Any

import msgspec

from ecotone_lite.conversion.conversion import type_id
from ecotone_lite.message import TYPE_ID, Message, routing_key_header
from ecotone_lite.tracing import Happening

__all__ = ["TraceRecord", "named", "payload_label"]

_LONGEST_LABEL = 60
_LOCAL = re.compile(r"[\w.]*<locals>\.")
_KEY_HEADERS = tuple(routing_key_header(kind) for kind in ("command", "event", "query"))


class TraceRecord(msgspec.Struct, frozen=True):
    """What happened to which message, and where; `sequence` counts from 1 over all services of a run."""

    sequence: int
    happening: Happening
    service: str
    message: Message
    channel: str | None = None
    endpoint: str | None = None
    error: BaseException | None = None
    subject: str | None = None

    @property
    def message_id(self) -> str:
        return self.message.message_id

    @property
    def caused_by(self) -> str | None:
        """The id of the message whose handling sent this one."""
        return self.message.parent_id

    @property
    def routing_key(self) -> str | None:
        headers = self.message.headers
        return next((headers.get(name) for name in _KEY_HEADERS if name in headers), None)

    def is_about(self, what: object) -> bool:
        """Whether the payload is of this class, or equal to this object, or was sent by this routing key."""
        if isinstance(what, type):
            return isinstance(self.message.payload, what) or self.message.headers.get(TYPE_ID) == type_id(what)
        if isinstance(what, str) and what in (self.routing_key, self.endpoint):
            return True
        return bool(self.message.payload == what)


def payload_label(message: Message) -> str:
    """The payload as a person reads it, on one line, the same in every process."""
    payload: Any = message.payload
    if isinstance(payload, bytes):
        name = str(message.headers.get(TYPE_ID, "")).rpartition(".")[2]
        return _cut(f"{name} {payload.decode(errors='backslashreplace')}".strip())
    return _cut(named(payload))


def named(value: object) -> str:
    """An object as a person reads it, without addresses and without the places where classes were written."""
    written = repr(value)
    return type(value).__name__ if " object at 0x" in written else _LOCAL.sub("", written)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 3]}..."
