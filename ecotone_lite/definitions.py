"""Frozen descriptions of what the user's classes say: marks, parameters, handlers, aggregates."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

__all__ = [
    "AggregateDefinition",
    "AsynchronousMark",
    "ClassDefinition",
    "FrameworkService",
    "HandlerDefinition",
    "HandlerKind",
    "HandlerMark",
    "Header",
    "Identifier",
    "Parameter",
    "Reference",
    "Source",
    "once_per_class",
    "optional",
]

ReadT = TypeVar("ReadT")

NO_DEFAULT: Any = object()
EXECUTION_SUFFIX = ".target.execute"


def once_per_class(read: Callable[[type[Any]], ReadT]) -> Callable[[type[Any]], ReadT]:
    """Reads a class the first time and remembers what it said."""
    return cast("Callable[[type[Any]], ReadT]", lru_cache(maxsize=4096)(read))


def optional(annotation: Any) -> Any | None:
    """The X of `X | None`; None for any other annotation."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    others = [member for member in members if member is not NoneType]
    return others[0] if len(others) == 1 else None


class FrameworkService:
    """What Ecotone itself hands to a parameter of this type; never the payload."""


@dataclass(frozen=True, slots=True)
class Header:
    """A parameter that is filled from a header: `reason: Annotated[str, Header("reason")]`.

    Without a name, the header is called like the parameter: `reason: Annotated[str, Header]`.
    """

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter that is a service, by its type or by a name: `Annotated[Clock, Reference]`, `Reference("orders")`."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """What an aggregate is known by: `ticket_id: Annotated[str, Identifier]`; several make a compound identifier."""


class HandlerKind(StrEnum):
    """A command changes something, an event tells it, a query asks."""

    COMMAND = "command"
    EVENT = "event"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class HandlerMark:
    """What `@command_handler`, `@event_handler` and `@query_handler` leave on a method."""

    kind: HandlerKind
    routing_key: str | None
    endpoint_id: str | None


@dataclass(frozen=True, slots=True)
class AsynchronousMark:
    """What `@asynchronous` leaves on a method or class: the channels to go through, in order."""

    channels: tuple[str, ...]


class Source(StrEnum):
    """Where the value of a parameter comes from."""

    PAYLOAD = "payload"
    HEADER = "header"
    HEADERS = "headers"
    MESSAGE = "message"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a handler or constructor; `name_there` is the name of the header or reference."""

    name: str
    source: Source
    type: Any
    name_there: str | None = None
    default: Any = NO_DEFAULT
    keyword_only: bool = False

    @property
    def has_default(self) -> bool:
        return self.default is not NO_DEFAULT


@dataclass(frozen=True, slots=True)
class HandlerDefinition:
    """One method that handles messages, as many of these as it has marks."""

    kind: HandlerKind
    owner: type[Any]
    method: str
    function: Callable[..., Any]
    is_factory: bool
    routing_key: str | None
    explicit_endpoint_id: str | None
    channels: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    @property
    def place(self) -> str:
        return f"{self.owner.__name__}.{self.method}"

    @property
    def endpoint_id(self) -> str:
        """The id given, else the place: `Ticket.rename`."""
        return self.explicit_endpoint_id or self.place

    @property
    def execution(self) -> str:
        """The last stop on the routing slip of a message that is handled asynchronously."""
        return f"{self.endpoint_id}{EXECUTION_SUFFIX}"

    @property
    def payload(self) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.source is Source.PAYLOAD), None)


@dataclass(frozen=True, slots=True)
class AggregateDefinition:
    """What makes a class an aggregate: its identifiers, by name, with their types, in the order written."""

    identifiers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClassDefinition:
    """All that a class says."""

    cls: type[Any]
    handlers: tuple[HandlerDefinition, ...]
    aggregate: AggregateDefinition | None
