"""Where aggregates are kept: the Repository port and its form in memory."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ecotone_lite.definitions import once_per_class
from ecotone_lite.errors import AggregateAlreadyExists, ConcurrencyError
from ecotone_lite.handling.scope import on_failure

__all__ = ["InMemoryRepository", "Repository", "StoredAggregate", "named"]

Identifiers = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class StoredAggregate:
    """An aggregate as it was stored, and how many times it had been."""

    aggregate: Any
    version: int


class Repository(Protocol):
    """Stores aggregates by their identifiers (Ecotone: StandardRepository)."""

    def can_handle(self, aggregate_class: type[Any]) -> bool:
        """Whether aggregates of this class are kept here."""
        ...

    def find_by(self, aggregate_class: type[Any], identifiers: Identifiers) -> StoredAggregate | None:
        """The aggregate, free to be changed without changing what is stored; None when there is none."""
        ...

    def save(
        self, identifiers: Identifiers, aggregate: object, metadata: Mapping[str, object], version_before: int
    ) -> None:
        """Store the aggregate in place of version `version_before`; 0 for a new one.

        Raises ConcurrencyError when another version is stored, AggregateAlreadyExists when a new one is not new.
        """
        ...


class InMemoryRepository:
    """Keeps the state of aggregates of every class, not the objects; what a failed command stored is forgotten."""

    def __init__(self) -> None:
        self._stored: dict[tuple[type[Any], tuple[object, ...]], StoredAggregate] = {}

    def can_handle(self, aggregate_class: type[Any]) -> bool:  # noqa: ARG002 - every class
        return True

    def find_by(self, aggregate_class: type[Any], identifiers: Identifiers) -> StoredAggregate | None:
        stored = self._stored.get((aggregate_class, tuple(identifiers.values())))
        return stored and StoredAggregate(state_of(stored.aggregate), stored.version)

    def save(
        self,
        identifiers: Identifiers,
        aggregate: object,
        metadata: Mapping[str, object],  # noqa: ARG002 - for repositories that keep it
        version_before: int,
    ) -> None:
        key = (type(aggregate), tuple(identifiers.values()))
        stored = self._stored.get(key)
        _check_version(type(aggregate), identifiers, version_before, stored.version if stored else 0)
        self._stored[key] = StoredAggregate(state_of(aggregate), version_before + 1)
        on_failure(lambda: self._restore(key, stored))

    def _restore(self, key: tuple[type[Any], tuple[object, ...]], stored: StoredAggregate | None) -> None:
        if stored is None:
            self._stored.pop(key, None)
        else:
            self._stored[key] = stored


def named(aggregate_class: type[Any], identifiers: Identifiers) -> str:
    """How errors and traces call an aggregate: `Ticket ticket_id='t1'`."""
    return f"{aggregate_class.__name__} {', '.join(f'{name}={value!r}' for name, value in identifiers.items())}"


def _check_version(aggregate_class: type[Any], identifiers: Identifiers, before: int, present: int) -> None:
    if before == present:
        return
    name = named(aggregate_class, identifiers)
    if before == 0:
        raise AggregateAlreadyExists(f"{name} exists already; it cannot be created again")
    raise ConcurrencyError(f"{name} was stored by somebody else: version {before} was expected, {present} is there")


_WAYS_TO_BE_COPIED = {"__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__"}
_UNCHANGEABLE = (str, int, float, bool, bytes, type(None))


def state_of(aggregate: Any) -> Any:
    """A copy that shares nothing changeable with the original."""
    if not _is_plain(type(aggregate)):
        return copy.deepcopy(aggregate)
    duplicate = object.__new__(type(aggregate))
    memo: dict[int, Any] = {id(aggregate): duplicate}
    duplicate.__dict__.update(
        {
            name: value if type(value) in _UNCHANGEABLE else copy.deepcopy(value, memo)
            for name, value in vars(aggregate).items()
        }
    )
    return duplicate


@once_per_class
def _is_plain(cls: type[Any]) -> bool:
    """Whether the state of its instances is all in their `__dict__`, and they have no way of their own to be copied."""
    return not any(_has_a_say(base) for base in cls.__mro__ if base is not object)


def _has_a_say(base: type[Any]) -> bool:
    return bool(vars(base).get("__slots__") or _WAYS_TO_BE_COPIED & vars(base).keys())
