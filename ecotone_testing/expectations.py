"""What should be true of a run: predicates over its trace that explain themselves."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ecotone_lite import ConfiguredMessagingSystem
from ecotone_lite.tracing import Happening
from ecotone_testing.trace.record import TraceRecord, named
from ecotone_testing.trace.trace import Trace

__all__ = ["Evidence", "Expectation", "answered", "failed", "handled", "published", "satisfies", "sent", "unmet"]

ServiceT = TypeVar("ServiceT")

_LONGEST_STATE = 300


class Evidence(Protocol):
    """What an expectation may look at: the trace of all services, and the service that is spoken of."""

    @property
    def trace(self) -> Trace: ...

    @property
    def system(self) -> ConfiguredMessagingSystem: ...


class Expectation(ABC):
    """A sentence about a run, and whether it is true."""

    @abstractmethod
    def unmet(self, evidence: Evidence) -> str | None:
        """None when it is true, otherwise what was seen instead."""

    def matters(self, trace: Trace) -> Sequence[TraceRecord]:  # noqa: ARG002 - not every sentence is about messages
        """The records that someone wants to see who asks why it is not true."""
        return ()


@dataclass(frozen=True)
class Counted(Expectation):
    """Something happens to a message, so many times, or at least once."""

    happening: Happening
    what: object = None
    by: str | None = None
    channel: str | None = None
    error: type[BaseException] | None = None
    times: int | None = None

    def before(self, other: "Counted") -> "Ordered":
        """This, and after it, for the first time, the other."""
        return Ordered(self, other)

    def found(self, trace: Trace) -> list[TraceRecord]:
        found = trace.select(self.happening, self.what, by=self.by, channel=self.channel)
        if self.happening is Happening.SENT and self.channel is None:
            found = [record for record in found if record.channel is None]
        return [record for record in found if self.error is None or isinstance(record.error, self.error)]

    def unmet(self, evidence: Evidence) -> str | None:
        seen = len(self.found(evidence.trace))
        if seen == self.times or (self.times is None and seen):
            return None
        return f"saw {seen}"

    def matters(self, trace: Trace) -> Sequence[TraceRecord]:
        return [record for record in trace if self.what is None or record.is_about(_kind_of(self.what))]

    def __str__(self) -> str:
        what = _named(self.what)
        by = f" by {self.by}" if self.by else ""
        to = f" to {self.channel}" if self.channel else ""
        error = f" with {self.error.__name__}" if self.error else ""
        return f"{what} {self.happening}{by}{to}{error}{_so_often(self.times)}"


@dataclass(frozen=True)
class Ordered(Expectation):
    """Two things happen, one before the other."""

    first: Counted
    second: Counted

    def unmet(self, evidence: Evidence) -> str | None:
        for part in (self.first, self.second):
            wrong = part.unmet(evidence)
            if wrong:
                return f"{part}: {wrong}"
        first, second = (part.found(evidence.trace)[0].sequence for part in (self.first, self.second))
        return None if first < second else f"saw #{second} before #{first}"

    def matters(self, trace: Trace) -> Sequence[TraceRecord]:
        shown = {record.sequence for part in (self.first, self.second) for record in part.matters(trace)}
        return [record for record in trace if record.sequence in shown]

    def __str__(self) -> str:
        return f"{self.first} before {self.second}"


@dataclass(frozen=True)
class Satisfied(Expectation):
    """A service under test, or a dependency, is in the state it should be in."""

    service: type[Any]
    predicate: Callable[[Any], object]
    description: str

    def unmet(self, evidence: Evidence) -> str | None:
        instance = evidence.system.get_service(self.service)
        return None if self.predicate(instance) else f"it is {_state(instance)}"

    def __str__(self) -> str:
        return f"{self.service.__name__} {self.description}"


@dataclass(frozen=True)
class Answered(Expectation):
    """A query is answered so."""

    query: object
    answer: object
    payload: object = None
    metadata: Mapping[str, object] | None = None

    def unmet(self, evidence: Evidence) -> str | None:
        bus = evidence.system.query_bus
        if isinstance(self.query, str):
            answer = bus.send_with_routing_key(self.query, self.payload, self.metadata)
        else:
            answer = bus.send(self.query, self.metadata)
        return None if answer == self.answer else f"the answer was {answer!r}"

    def __str__(self) -> str:
        asked = f" with {dict(self.metadata)!r}" if self.metadata else ""
        return f"{_named(self.query)}{asked} answered with {self.answer!r}"


def handled(what: object = None, *, by: str | None = None, times: int | None = None) -> Counted:
    """A message is handled to its end.

    `what`: the class of its payload, an equal payload, or a routing key; `by`: an endpoint id; `times`: exactly so
    often, at least once when not given.
    """
    return Counted(Happening.HANDLED, what, by=by, times=times)


def failed(
    what: object = None,
    *,
    by: str | None = None,
    error: type[BaseException] | None = None,
    times: int | None = None,
) -> Counted:
    """A handler raises; `error`: this, or what inherits it. See `handled` for the rest."""
    return Counted(Happening.FAILED, what, by=by, error=error, times=times)


def published(what: object = None, *, times: int | None = None) -> Counted:
    """An event goes to the event bus. See `handled`."""
    return Counted(Happening.PUBLISHED, what, times=times)


def sent(what: object = None, *, to: str | None = None, times: int | None = None) -> Counted:
    """A command or query goes to its bus, or, with `to`, a message to a channel. See `handled`."""
    return Counted(Happening.SENT, what, channel=to, times=times)


def satisfies(
    service: type[ServiceT], predicate: Callable[[ServiceT], object], description: str = "satisfies its predicate"
) -> Satisfied:
    """A service under test or a dependency, found by its class, is as it should be; `description` says how."""
    return Satisfied(service, predicate, description)


def answered(
    query: object, answer: object, *, payload: object = None, metadata: Mapping[str, object] | None = None
) -> Answered:
    """A query, by its class or by its routing key with a payload, is answered with this."""
    return Answered(query, answer, payload, metadata)


def unmet(expectations: Sequence[Expectation], evidence: Evidence) -> list[tuple[Expectation, str]]:
    """Those that are not true, each with what was seen instead."""
    seen = ((expectation, expectation.unmet(evidence)) for expectation in expectations)
    return [(expectation, wrong) for expectation, wrong in seen if wrong is not None]


def _kind_of(what: object) -> object:
    """Near misses matter too: other payloads of the class."""
    return what if isinstance(what, type | str) else type(what)


def _named(what: object) -> str:
    if what is None:
        return "a message"
    if isinstance(what, type):
        return what.__name__
    return what if isinstance(what, str) else named(what)


def _so_often(times: int | None) -> str:
    return {None: "", 0: " never", 1: " once"}.get(times, f" {times} times")


def _state(instance: object) -> str:
    written = named(instance)
    state = getattr(instance, "__dict__", None)
    told = f"{written} with {state!r}" if written == type(instance).__name__ and state is not None else written
    return told if len(told) <= _LONGEST_STATE else f"{told[:_LONGEST_STATE]}..."
