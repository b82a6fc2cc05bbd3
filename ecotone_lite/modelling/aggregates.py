"""A handler of an aggregate: load, call, save, publish what was recorded."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ecotone_lite.conversion.conversion import convert, type_id
from ecotone_lite.definitions import AggregateDefinition, HandlerDefinition, HandlerKind
from ecotone_lite.errors import AggregateNotFound, ConversionError, IdentifierMissing
from ecotone_lite.handling.invocation import Invocation
from ecotone_lite.message import (
    AGGREGATE_ID_OVERRIDE,
    AGGREGATE_IDENTIFIERS,
    EVENT_AGGREGATE_ID,
    EVENT_AGGREGATE_TYPE,
    EVENT_AGGREGATE_VERSION,
    Message,
    handed_on,
)
from ecotone_lite.modelling.events import WithEvents
from ecotone_lite.modelling.repositories import Identifiers, Repository, named
from ecotone_lite.tracing import Happening, Tracer

__all__ = ["AggregateEndpoint", "AggregateStore", "Publish"]

Publish = Callable[[object, Mapping[str, object]], None]
"""Publishes an event with these headers."""

_MISSING = object()


class AggregateStore:
    """Loads and saves the aggregates of one class, and publishes what they recorded."""

    def __init__(
        self,
        cls: type[Any],
        definition: AggregateDefinition,
        repository: Repository,
        publish: Publish,
        tracer: Tracer,
    ) -> None:
        self.cls = cls
        self._types = definition.identifiers
        self._repository = repository
        self._publish = publish
        self._tracer = tracer

    def identifiers_from(self, message: Message) -> Identifiers:
        """The aggregate that a message is for; raises IdentifierMissing.

        Precedence: those resolved before a hop, the header `aggregate.id`, attributes of the payload of the same names.
        """
        headers = message.headers
        resolved = headers.get(AGGREGATE_IDENTIFIERS)
        if resolved is not None:
            return self._typed(msgspec.json.decode(resolved) if isinstance(resolved, str) else resolved, message)
        override = headers.get(AGGREGATE_ID_OVERRIDE)
        if override is not None:
            first = next(iter(self._types))
            return self._typed(override if isinstance(override, Mapping) else {first: override}, message)
        return self._typed({name: _attribute(message.payload, name) for name in self._types}, message)

    def identifiers_of(self, aggregate: object) -> Identifiers:
        """Raises IdentifierMissing when one of them is not set."""
        identifiers = {name: getattr(aggregate, name, None) for name in self._types}
        for name, value in identifiers.items():
            if value is None:
                raise IdentifierMissing(f"{self.cls.__name__}: {name} is not set, so the aggregate cannot be stored")
        return identifiers

    def load(self, identifiers: Identifiers) -> tuple[Any, int]:
        """The aggregate and its version; raises AggregateNotFound."""
        stored = self._repository.find_by(self.cls, identifiers)
        if stored is None:
            raise AggregateNotFound(f"no {named(self.cls, identifiers)} is stored")
        return stored.aggregate, stored.version

    def save(self, aggregate: object, message: Message, version_before: int) -> Identifiers:
        """Store the aggregate and publish what it recorded; raises ConcurrencyError or IdentifierMissing."""
        identifiers = self.identifiers_of(aggregate)
        events = aggregate.get_recorded_events() if isinstance(aggregate, WithEvents) else []
        self._repository.save(identifiers, aggregate, handed_on(message.headers), version_before)
        self._tracer.record(Happening.SAVED, message, subject=named(self.cls, identifiers))
        for version, event in enumerate(events, start=version_before + 1):
            self._publish(event, self._event_headers(identifiers, version))
        return identifiers

    def keep(self, aggregate: object) -> None:
        """Store a new aggregate as it is given; what it recorded is forgotten."""
        if isinstance(aggregate, WithEvents):
            aggregate.get_recorded_events()
        self._repository.save(self.identifiers_of(aggregate), aggregate, {}, 0)

    def typed(self, identifiers: object) -> Identifiers:
        """Identifiers as a caller gives them: one value, or a mapping of several."""
        given = identifiers if isinstance(identifiers, Mapping) else {next(iter(self._types)): identifiers}
        return self._typed(given, None)

    def _event_headers(self, identifiers: Identifiers, version: int) -> dict[str, object]:
        values = list(identifiers.values())
        return {
            EVENT_AGGREGATE_ID: values[0] if len(values) == 1 else dict(identifiers),
            EVENT_AGGREGATE_TYPE: type_id(self.cls),
            EVENT_AGGREGATE_VERSION: version,
        }

    def _typed(self, values: Mapping[str, object], message: Message | None) -> Identifiers:
        typed: dict[str, object] = {}
        for name, identifier_type in self._types.items():
            value = values.get(name)
            if value is None or value is _MISSING:
                raise IdentifierMissing(self._missing(name, message))
            typed[name] = value if type(value) is identifier_type else self._convert(name, value, identifier_type)
        return typed

    def _convert(self, name: str, value: object, identifier_type: Any) -> object:
        try:
            return convert(value, identifier_type)
        except ConversionError as error:
            raise IdentifierMissing(f"{self.cls.__name__}.{name}: {error}") from error

    def _missing(self, name: str, message: Message | None) -> str:
        there = f"{type(message.payload).__name__} has no {name!r}" if message else f"{name!r} is not given"
        return (
            f"{self.cls.__name__}: {there}, so it is not known which one is meant; "
            f'name the attribute so, or send metadata={{"{AGGREGATE_ID_OVERRIDE}": ...}}'
        )


class AggregateEndpoint:
    """A factory, an action or a query of an aggregate."""

    def __init__(
        self, definition: HandlerDefinition, invocation: Invocation, store: AggregateStore, tracer: Tracer
    ) -> None:
        self.definition = definition
        self._invocation = invocation
        self._store = store
        self._tracer = tracer
        self._id = definition.endpoint_id
        self._work = self._create if definition.is_factory else self._act
        self._saves = definition.kind is not HandlerKind.QUERY

    def prepared_for_channel(self, message: Message) -> Message:
        """With the identifiers in a header of their own, which survives the hop and is the key of the message."""
        if self.definition.is_factory:
            return message.without_headers(AGGREGATE_ID_OVERRIDE)
        identifiers = self._store.identifiers_from(self._invocation.with_readable_payload(message))
        return message.with_headers({AGGREGATE_IDENTIFIERS: dict(identifiers), AGGREGATE_ID_OVERRIDE: None})

    def handle(self, message: Message) -> Any:
        try:
            message = self._invocation.with_readable_payload(message)
            reply = self._work(message)
        except Exception as error:
            self._tracer.record(Happening.FAILED, message, endpoint=self._id, error=error)
            raise
        self._tracer.record(Happening.HANDLED, message, endpoint=self._id)
        return reply

    def _create(self, message: Message) -> Any:
        """The reply is the identifier of the new aggregate, or a mapping of several."""
        aggregate = self._invocation.call(self._store.cls, message)
        if not isinstance(aggregate, self._store.cls):
            raise TypeError(
                f"{self.definition.place} creates a {self._store.cls.__name__}, so it must return one, "
                f"not {type(aggregate).__name__}"
            )
        identifiers = self._store.save(aggregate, message, 0)
        values = list(identifiers.values())
        return values[0] if len(values) == 1 else dict(identifiers)

    def _act(self, message: Message) -> Any:
        aggregate, version = self._store.load(self._store.identifiers_from(message))
        reply = self._invocation.call(aggregate, message)
        if self._saves:
            self._store.save(aggregate, message, version)
        return reply


def _attribute(payload: object, name: str) -> object:
    if isinstance(payload, Mapping):
        return payload.get(name, _MISSING)
    return getattr(payload, name, _MISSING)
