"""How a scenario ended on a backend, and the page that tells it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ecotone_testing.trace.record import TraceRecord
from ecotone_testing.trace.trace import Trace

__all__ = ["ExpectationFailed", "Failure", "Outcome", "Status", "page"]

_MOST_RECORDS = 24


class Status(StrEnum):
    """How it ended."""

    PASSED = "passed"
    FAILED = "failed"
    DIFFERENT = "different"
    """Its expectations are true, but other things happened than in memory."""
    UNSUPPORTED = "unsupported"
    """The backend lacks a capability that the scenario needs."""


class ExpectationFailed(AssertionError):
    """An expectation is not true; the message is the page that tells why."""

    def __init__(self, sentence: str, matters: Sequence[TraceRecord], trace: Trace) -> None:
        self.sentence = sentence
        self.matters = matters
        super().__init__(page(sentence, matters, trace))


@dataclass(frozen=True)
class Failure:
    """What went wrong: at which step, in one sentence, and the records that matter."""

    step: str
    sentence: str
    matters: Sequence[TraceRecord] = ()


@dataclass(frozen=True)
class Outcome:
    """How one run of a scenario ended; str() is one line, or the page of a failure."""

    scenario: str
    backend: str
    seed: int
    status: Status
    trace: Trace = field(default_factory=Trace, repr=False)
    seconds: float = 0.0
    failure: Failure | None = None
    missing: tuple[str, ...] = ()
    """The capabilities that the backend lacks."""
    replay: str = ""
    """The line that replays it."""
    agrees: bool | None = None
    """Whether the same things happened as in memory; None where that was not asked."""
    differences: tuple[str, ...] = ()
    """What happened otherwise than in memory."""

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED

    @property
    def messages(self) -> int:
        """How many different messages there were."""
        return len({record.message_id for record in self.trace})

    def __str__(self) -> str:
        name = f"{self.scenario} [{self.backend}]"
        if self.status is Status.UNSUPPORTED:
            return f"{name} unsupported: {self.backend} lacks {', '.join(map(repr, self.missing))}"
        if self.status is Status.DIFFERENT:
            return self._with_replay(f"{name} differs from memory\n{_first_of(self.differences)}")
        if self.failure is None:
            return f"{name} passed: {self.messages} messages in {self.seconds:.2f} s"
        story = page(f"{name} failed at {self.failure.step}\n{self.failure.sentence}", self.failure.matters, self.trace)
        return self._with_replay(story)

    def _with_replay(self, story: str) -> str:
        return f"{story}\n  replay: {self.replay}" if self.replay else story


def page(sentence: str, matters: Sequence[TraceRecord], trace: Trace) -> str:
    """A sentence, the records that matter in order, and what is still in flight."""
    lines = [sentence]
    shown = matters or trace[-_MOST_RECORDS:]
    if len(shown) > _MOST_RECORDS:
        lines.append(f"  ... {len(shown) - _MOST_RECORDS} earlier records that matter are not shown")
    lines += [f"  {line}" for line in trace.lines(shown[-_MOST_RECORDS:])]
    waiting = trace.in_flight()
    if waiting:
        lines.append(f"  in flight: {_in_flight(waiting, trace)}")
    return "\n".join(lines)


def _first_of(differences: Sequence[str], at_most: int = 10) -> str:
    lines = [f"  {difference}" for difference in differences[:at_most]]
    if len(differences) > at_most:
        lines.append(f"  and {len(differences) - at_most} more")
    return "\n".join(lines)


def _in_flight(waiting: Sequence[TraceRecord], trace: Trace, at_most: int = 5) -> str:
    named = [trace.lines([record])[0].split(maxsplit=2)[2] for record in waiting[:at_most]]
    more = f" and {len(waiting) - at_most} more" if len(waiting) > at_most else ""
    return "; ".join(named) + more
