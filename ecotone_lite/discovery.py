"""Classes in, definitions out, with every contradiction that one class can have with itself."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from ecotone_lite.clock import Clock
from ecotone_lite.decorators import AGGREGATE, MARKS
from ecotone_lite.definitions import (
    NO_DEFAULT,
    AggregateDefinition,
    AsynchronousMark,
    ClassDefinition,
    FrameworkService,
    HandlerDefinition,
    HandlerKind,
    HandlerMark,
    Header,
    Identifier,
    Parameter,
    Reference,
    Source,
    once_per_class,
    optional,
)
from ecotone_lite.errors import (
    ConfigurationError,
    EndpointIdMissing,
    InvalidAggregate,
    InvalidHandler,
    MisplacedDecorator,
    UnresolvableParameter,
)
from ecotone_lite.message import Headers, Message

__all__ = ["Discovery", "discover", "parameters_of", "routed_types"]

_NOT_A_ROUTE = (str, bytes, int, float, bool, list, tuple, dict, set, frozenset, NoneType, Any)


@dataclass(frozen=True)
class Discovery:
    """What a class says, and what is wrong with it."""

    definition: ClassDefinition
    problems: tuple[ConfigurationError, ...]


@once_per_class
def discover(cls: type[Any]) -> Discovery:
    """Read a class, once; problems are collected, not raised."""
    return _ClassReader(cls).read()


def routed_types(annotation: Any) -> tuple[type[Any], ...]:
    """The classes that a payload annotation routes: a class, or each member of a union."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    origins = (get_origin(member) or member for member in members)
    return tuple(origin for origin in origins if isinstance(origin, type) and origin not in _NOT_A_ROUTE)


def parameters_of(function: Callable[..., Any], place: str, *, payload: bool) -> tuple[Parameter, ...]:
    """What each parameter after `self` is filled from; with `payload`, the first that is nothing else is the payload.

    Raises UnresolvableParameter, naming the parameter, for an annotation that cannot be evaluated.
    """
    hints = _hints(function, place)
    own = list(inspect.signature(function).parameters.values())[1:]
    found: list[Parameter] = []
    for parameter in own:
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        bare, marks = _read(hints.get(parameter.name, Any))
        source, name_there = _source(bare, marks)
        if source is None:
            source = Source.PAYLOAD if payload else Source.SERVICE
            payload = False
        default = NO_DEFAULT if parameter.default is inspect.Parameter.empty else parameter.default
        keyword_only = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        found.append(Parameter(parameter.name, source, bare, name_there, default, keyword_only))
    return tuple(found)


def _source(bare: Any, marks: tuple[Any, ...]) -> tuple[Source | None, str | None]:
    """Where a parameter says its value comes from, and its name there."""
    for mark in marks:
        for marker, source in ((Header, Source.HEADER), (Reference, Source.SERVICE)):
            if mark is marker or isinstance(mark, marker):
                return source, getattr(mark, "name", None) if isinstance(mark, marker) else None
    return _source_by_type(bare), None


def _source_by_type(annotation: Any) -> Source | None:
    if annotation is Message:
        return Source.MESSAGE
    if annotation is Headers:
        return Source.HEADERS
    if isinstance(annotation, type) and issubclass(annotation, FrameworkService | Clock):
        return Source.SERVICE
    return None


def _read(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """The type and the marks of `Annotated[type, *marks]`, also where `| None` stands behind it."""
    marked = optional(annotation) or annotation
    if get_origin(marked) is not Annotated:
        return annotation, ()
    bare = get_args(marked)[0]
    return bare if marked is annotation else bare | None, marked.__metadata__


def _hints(target: Callable[..., Any] | type[Any], place: str) -> Mapping[str, Any]:
    try:
        return get_type_hints(target, include_extras=True)
    except NameError as error:
        places = map(inspect.get_annotations, getattr(target, "__mro__", (target,)))
        guilty = next((name for hints in places for name, hint in hints.items() if str(error.name) in str(hint)), "?")
        raise UnresolvableParameter(
            f"{place}: the annotation of {guilty!r} names {error.name!r}, which cannot be found from here; "
            f"define it at module level, or do not write the annotation as text"
        ) from None


@dataclass
class _ClassReader:
    cls: type[Any]
    problems: list[ConfigurationError] = field(default_factory=list)

    def read(self) -> Discovery:
        for mark in _marks(self.cls, HandlerMark):
            self.problems.append(
                MisplacedDecorator(f"{self.cls.__name__}: @{mark.kind}_handler is for methods; put it on one")
            )
        handlers = tuple(self._handlers())
        aggregate = self._aggregate() if AGGREGATE in vars(self.cls) else None
        return Discovery(ClassDefinition(self.cls, handlers, aggregate), tuple(self.problems))

    def _handlers(self) -> Iterator[HandlerDefinition]:
        on_class = _marks(self.cls, AsynchronousMark)
        for name in dict.fromkeys(name for base in reversed(self.cls.__mro__) for name in vars(base)):
            member = inspect.getattr_static(self.cls, name)
            function = getattr(member, "__func__", member)
            marks = _marks(function, HandlerMark)
            asynchronous = _marks(function, AsynchronousMark) if callable(function) else ()
            if asynchronous and not marks:
                self._wrong(
                    MisplacedDecorator, name, "@asynchronous is for handlers; add @command_handler or @event_handler"
                )
            for mark in marks:
                channels = tuple(channel for way in asynchronous or on_class for channel in way.channels)
                yield from self._handler(name, member, mark, channels if mark.kind is not HandlerKind.QUERY else ())
                if mark.kind is HandlerKind.QUERY and asynchronous:
                    self._wrong(MisplacedDecorator, name, "a query is answered at once; take @asynchronous away")

    def _handler(
        self, name: str, member: Any, mark: HandlerMark, channels: tuple[str, ...]
    ) -> Iterator[HandlerDefinition]:
        function = getattr(member, "__func__", member)
        place = f"{self.cls.__name__}.{name}"
        try:
            parameters = parameters_of(function, place, payload=True)
        except UnresolvableParameter as problem:
            self.problems.append(problem)
            return
        definition = HandlerDefinition(
            kind=mark.kind,
            owner=self.cls,
            method=name,
            function=function,
            is_factory=isinstance(member, classmethod),
            routing_key=mark.routing_key,
            explicit_endpoint_id=mark.endpoint_id,
            channels=channels,
            parameters=parameters,
        )
        self._check(definition, member)
        yield definition

    def _check(self, definition: HandlerDefinition, member: Any) -> None:
        if isinstance(member, staticmethod):
            self._wrong(InvalidHandler, definition.method, "a handler is a method, or a @classmethod of an aggregate")
        if definition.method.startswith("_"):
            self._wrong(InvalidHandler, definition.method, "a handler is public; take the underscore away")
        if definition.is_factory and AGGREGATE not in vars(self.cls):
            self._wrong(
                InvalidHandler,
                definition.method,
                "a @classmethod creates an aggregate; mark the class @aggregate",
            )
        if definition.channels and not definition.explicit_endpoint_id:
            self._wrong(
                EndpointIdMissing,
                definition.method,
                f"messages on {definition.channels[0]!r} find their handler by its endpoint id; write "
                f'@{definition.kind}_handler(endpoint_id="...")',
            )
        for name in (definition.endpoint_id, *definition.channels):
            if "," in name:
                self._wrong(
                    InvalidHandler,
                    definition.method,
                    f"{name!r} has a comma, which separates names on a routing slip",
                )
        if definition.routing_key is None and not self._has_route(definition):
            self._wrong(
                InvalidHandler,
                definition.method,
                f"no {definition.kind} can reach it; annotate its first parameter with the {definition.kind}'s class, "
                f'or give a routing key: @{definition.kind}_handler("...")',
            )

    def _has_route(self, definition: HandlerDefinition) -> bool:
        return definition.payload is not None and bool(routed_types(definition.payload.type))

    def _aggregate(self) -> AggregateDefinition:
        try:
            hints = _hints(self.cls, self.cls.__name__)
        except UnresolvableParameter as problem:
            self.problems.append(problem)
            return AggregateDefinition({})
        read = {name: _read(hint) for name, hint in hints.items()}
        identifiers = {name: bare for name, (bare, marks) in read.items() if _is_identifier(marks)}
        if not identifiers:
            self.problems.append(
                InvalidAggregate(
                    f"{self.cls.__name__}: an aggregate is found by its identifier; mark one: "
                    f"{next(iter(hints), 'id')}: Annotated[str, Identifier]"
                )
            )
        return AggregateDefinition(identifiers)

    def _wrong(self, error: type[ConfigurationError], method: str, mend: str) -> None:
        self.problems.append(error(f"{self.cls.__name__}.{method}: {mend}"))


def _is_identifier(marks: tuple[Any, ...]) -> bool:
    return any(mark is Identifier or isinstance(mark, Identifier) for mark in marks)


def _marks(target: Any, kind: type[Any]) -> tuple[Any, ...]:
    marks = getattr(target, "__dict__", {}).get(MARKS, ())
    return tuple(mark for mark in marks if isinstance(mark, kind))
