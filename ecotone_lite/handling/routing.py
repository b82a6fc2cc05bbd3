"""Finds the one handler of a command or query, and all handlers of an event."""

from collections.abc import Iterable, Iterator
from typing import Any

from ecotone_lite.definitions import HandlerDefinition, HandlerKind
from ecotone_lite.discovery import routed_types
from ecotone_lite.errors import DuplicateHandler, HandlerNotFound
from ecotone_lite.handling.invocation import Endpoint

__all__ = ["Routes", "contradictions"]


class Routes:
    """Who handles what, for one kind of message. A payload reaches handlers of its class and of what that inherits."""

    def __init__(self, kind: HandlerKind) -> None:
        self._kind = kind
        self._by_key: dict[str, list[Endpoint]] = {}
        self._by_type: dict[type[Any], list[Endpoint]] = {}
        self._order: dict[int, int] = {}
        self._resolved: dict[type[Any], tuple[Endpoint, ...]] = {}

    def add(self, endpoint: Endpoint) -> None:
        """One more handler, after those that were added before."""
        self._order[id(endpoint)] = len(self._order)
        for route in routes_of(endpoint.definition):
            if isinstance(route, str):
                self._by_key.setdefault(route, []).append(endpoint)
            else:
                self._by_type.setdefault(route, []).append(endpoint)

    def all_for_key(self, key: str) -> tuple[Endpoint, ...]:
        return tuple(self._by_key.get(key, ()))

    def all_for_type(self, payload_type: type[Any]) -> tuple[Endpoint, ...]:
        """In the order in which classes were given and handlers written; those that take any object come last."""
        try:
            return self._resolved[payload_type]
        except KeyError:
            pass
        *ancestors, _ = payload_type.__mro__
        found = {id(endpoint): endpoint for ancestor in ancestors for endpoint in self._by_type.get(ancestor, ())}
        ordered = sorted(found.values(), key=lambda endpoint: self._order[id(endpoint)])
        resolved = tuple(ordered + [any_ for any_ in self._by_type.get(object, ()) if id(any_) not in found])
        self._resolved[payload_type] = resolved
        return resolved

    def one_for_key(self, key: str) -> Endpoint:
        """Raises HandlerNotFound."""
        return self._one(self.all_for_key(key), key)

    def one_for_type(self, payload_type: type[Any]) -> Endpoint:
        """Raises HandlerNotFound, and DuplicateHandler where the classes that a payload inherits have several."""
        return self._one(self.all_for_type(payload_type), payload_type.__name__)

    def _one(self, endpoints: tuple[Endpoint, ...], route: str) -> Endpoint:
        if len(endpoints) == 1:
            return endpoints[0]
        if not endpoints:
            raise HandlerNotFound(self._kind, route, known=self._names())
        places = ", ".join(endpoint.definition.place for endpoint in endpoints)
        raise DuplicateHandler(f"{self._kind} {route} reaches {places}; it needs exactly one handler")

    def _names(self) -> Iterator[str]:
        yield from self._by_key
        yield from (payload_type.__name__ for payload_type in self._by_type)


def routes_of(definition: HandlerDefinition) -> tuple[str | type[Any], ...]:
    """The routing key, else the classes of the payload."""
    if definition.routing_key is not None:
        return (definition.routing_key,)
    return routed_types(definition.payload.type) if definition.payload else ()


def contradictions(definitions: Iterable[HandlerDefinition]) -> Iterator[DuplicateHandler]:
    """Commands and queries that more than one handler would answer."""
    claims: dict[tuple[HandlerKind, str | type[Any]], list[str]] = {}
    for definition in definitions:
        if definition.kind is not HandlerKind.EVENT:
            for route in routes_of(definition):
                claims.setdefault((definition.kind, route), []).append(definition.place)
    for (kind, route), places in claims.items():
        if len(places) > 1:
            name = route if isinstance(route, str) else route.__name__
            yield DuplicateHandler(
                f"{kind} {name} has {len(places)} handlers: {', '.join(places)}; keep one, or give them routing keys"
            )
