"""The Tracer port: whoever wants to know what happens to messages is told here, each fact once."""

from enum import StrEnum
from typing import Protocol

from ecotone_lite.message import Message

__all__ = ["NO_TRACE", "Happening", "Tracer"]


class Happening(StrEnum):
    """What can happen to a message."""

    SENT = "sent"
    """A command or query went to its bus, or a message to a channel (then the channel is named)."""
    PUBLISHED = "published"
    """An event went to the event bus."""
    HANDLED = "handled"
    """A handler returned."""
    FAILED = "failed"
    """A handler raised."""
    SAVED = "saved"
    """An aggregate was stored."""
    RECEIVED = "received"
    """A consumer took a message from its channel."""
    ACKNOWLEDGED = "acknowledged"
    """The channel may forget the message."""
    RELEASED = "released"
    """The message went back to its channel, to be received again."""
    REJECTED = "rejected"
    """The message was given up."""


class Tracer(Protocol):
    """Is told what happens, in the order in which it happens, from the thread it happens in."""

    def record(
        self,
        happening: Happening,
        message: Message,
        *,
        channel: str | None = None,
        endpoint: str | None = None,
        error: BaseException | None = None,
        subject: str | None = None,
    ) -> None:
        """`channel` and `endpoint` by name; `error` with FAILED; `subject`: the aggregate that was SAVED."""
        ...


class _NoTrace:
    def record(
        self,
        happening: Happening,
        message: Message,
        *,
        channel: str | None = None,
        endpoint: str | None = None,
        error: BaseException | None = None,
        subject: str | None = None,
    ) -> None:
        """Forget it."""


NO_TRACE: Tracer = _NoTrace()
