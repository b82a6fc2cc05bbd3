"""The user's vocabulary: each decorator stamps a mark on what it decorates and does nothing else."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from ecotone_lite.definitions import AsynchronousMark, HandlerKind, HandlerMark
from ecotone_lite.errors import MisplacedDecorator

__all__ = ["aggregate", "asynchronous", "command_handler", "event_handler", "query_handler"]

MARKS = "__ecotone_marks__"
AGGREGATE = "__ecotone_aggregate__"

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])
ClassT = TypeVar("ClassT", bound=type[Any])


class HandlerDecorator(Protocol):
    """Gives back the handler it was given."""

    def __call__(self, handler: HandlerT, /) -> HandlerT: ...


@overload
def command_handler(handler: HandlerT, /) -> HandlerT: ...
@overload
def command_handler(routing_key: str | None = None, /, *, endpoint_id: str | None = None) -> HandlerDecorator: ...
def command_handler(first: Any = None, /, *, endpoint_id: str | None = None) -> Any:
    """Handle a command, by the payload's type or by this routing key (Ecotone: #[CommandHandler])."""
    return _handler(HandlerKind.COMMAND, first, endpoint_id)


@overload
def event_handler(handler: HandlerT, /) -> HandlerT: ...
@overload
def event_handler(listen_to: str | None = None, /, *, endpoint_id: str | None = None) -> HandlerDecorator: ...
def event_handler(first: Any = None, /, *, endpoint_id: str | None = None) -> Any:
    """Handle every event of the payload's type, or published by this name (Ecotone: #[EventHandler])."""
    return _handler(HandlerKind.EVENT, first, endpoint_id)


@overload
def query_handler(handler: HandlerT, /) -> HandlerT: ...
@overload
def query_handler(routing_key: str | None = None, /, *, endpoint_id: str | None = None) -> HandlerDecorator: ...
def query_handler(first: Any = None, /, *, endpoint_id: str | None = None) -> Any:
    """Answer a query, by the payload's type or by this routing key (Ecotone: #[QueryHandler])."""
    return _handler(HandlerKind.QUERY, first, endpoint_id)


def asynchronous(*channels: str) -> HandlerDecorator:
    """Handle what arrives on a channel, when a consumer of it runs; on a class: all its command and event handlers.

    Several channels are passed one after the other (Ecotone: #[Asynchronous]). Raises MisplacedDecorator without any.
    """
    if not channels or any(not channel or callable(channel) for channel in channels):
        place = next((f"{channel.__qualname__}: " for channel in channels if hasattr(channel, "__qualname__")), "")
        raise MisplacedDecorator(f'{place}name the channel: @asynchronous("...")')

    def decorate(target: HandlerT, /) -> HandlerT:
        return _stamp(target, AsynchronousMark(channels))

    return decorate


def aggregate(cls: ClassT, /) -> ClassT:
    """An aggregate whose state is stored; its identifiers are marked with `Identifier` (Ecotone: #[Aggregate])."""
    setattr(cls, AGGREGATE, True)
    return cls


def _handler(kind: HandlerKind, first: Any, endpoint_id: str | None) -> Any:
    if first is not None and not isinstance(first, str):
        return _stamp(first, HandlerMark(kind, None, endpoint_id))

    def decorate(handler: HandlerT, /) -> HandlerT:
        return _stamp(handler, HandlerMark(kind, first, endpoint_id))

    return decorate


def _stamp(target: HandlerT, mark: object) -> HandlerT:
    # A mark on a classmethod belongs to its function, so that both orders of the decorators mean the same.
    function = getattr(target, "__func__", target)
    setattr(function, MARKS, (*vars(function).get(MARKS, ()), mark))
    return target
