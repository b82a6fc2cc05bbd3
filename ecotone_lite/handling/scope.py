"""What belongs to the handling of one message: its lineage, what leaves when it succeeded, what is undone when not."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from ecotone_lite.message import Lineage, Message

__all__ = ["Handling", "Outbound", "on_failure"]

ResultT = TypeVar("ResultT")
DepartureT_contra = TypeVar("DepartureT_contra", contravariant=True)

_CURRENT: ContextVar["_Scope | None"] = ContextVar("ecotone_handling", default=None)


class Outbound(Protocol[DepartureT_contra]):
    """Where messages leave."""

    def deliver(self, departures: Sequence[DepartureT_contra]) -> None:
        """Send these now, in this order."""
        ...


class _UnitOfWork:
    """The messages that wait for the end of a handler, and the way back if it fails (Ecotone: message collector)."""

    __slots__ = ("outer", "undo", "waiting")

    def __init__(self, outer: "_UnitOfWork | None") -> None:
        self.outer = outer
        self.waiting: list[tuple[Outbound[Any], Any]] = []
        self.undo: list[Callable[[], None]] = []

    def complete(self) -> None:
        if self.outer is not None:
            self.outer.waiting += self.waiting
            self.outer.undo += self.undo
        elif self.waiting:
            by_way: dict[int, tuple[Outbound[Any], list[Any]]] = {}
            for way, departure in self.waiting:
                by_way.setdefault(id(way), (way, []))[1].append(departure)
            for way, departures in by_way.values():
                way.deliver(departures)

    def abandon(self) -> None:
        for step_back in reversed(self.undo):
            step_back()


class _Scope:
    __slots__ = ("_lineage", "handling", "message", "unit")

    def __init__(self, handling: "Handling", message: Message, unit: _UnitOfWork | None) -> None:
        self.handling = handling
        self.message = message
        self.unit = unit
        self._lineage: Lineage | None = None

    @property
    def lineage(self) -> Lineage:
        if self._lineage is None:
            self._lineage = Lineage.of(self.message)
        return self._lineage


class Handling:
    """The handling that is going on in one application; others in the same thread are none of its business."""

    def _scope(self) -> _Scope | None:
        scope = _CURRENT.get()
        return scope if scope is not None and scope.handling is self else None

    def cause(self) -> Lineage | None:
        """What the message being handled hands on to what is sent now."""
        scope = self._scope()
        return scope.lineage if scope else None

    def of(self, message: Message, handle: Callable[[Message], ResultT], *, collects: bool) -> ResultT:
        """Handle a message within a scope of its own.

        With `collects`, messages for channels wait until `handle` has returned, and until the handling around it has
        succeeded too; if it raises, they are dropped and what it stored is undone, even if somebody catches the error.
        """
        outer = self._scope()
        unit = outer.unit if outer else None
        if collects:
            unit = _UnitOfWork(unit)
        token = _CURRENT.set(_Scope(self, message, unit))
        try:
            result = handle(message)
            if collects and unit is not None:
                unit.complete()
        except BaseException:
            if collects and unit is not None:
                unit.abandon()
            raise
        finally:
            _CURRENT.reset(token)
        return result

    def send(self, way: Outbound[DepartureT_contra], departure: DepartureT_contra) -> None:
        """Send this when what is going on has succeeded; now, if nothing is."""
        scope = self._scope()
        if scope is None or scope.unit is None:
            way.deliver([departure])
        else:
            scope.unit.waiting.append((way, departure))


def on_failure(step_back: Callable[[], None]) -> None:
    """Call this when the handling that is going on fails; the last step goes back first."""
    scope = _CURRENT.get()
    if scope is not None and scope.unit is not None:
        scope.unit.undo.append(step_back)
