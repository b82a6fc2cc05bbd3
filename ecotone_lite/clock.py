"""The one place that reads time; everything else asks a Clock."""

import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta

from ecotone_lite.errors import ClockMovedBackwards

__all__ = ["Clock", "Deadline", "Stopwatch", "SystemClock", "VirtualClock"]


class Clock(ABC):
    """What time it is for an application; ask for it as a parameter typed `Clock` (Ecotone: EcotoneClockInterface)."""

    @abstractmethod
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock(Clock):
    """The time of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class VirtualClock(Clock):
    """Moves only when told to, and only forward."""

    def __init__(self, start: datetime) -> None:
        self._now = _in_utc(start)

    def now(self) -> datetime:
        return self._now

    def advance_by(self, duration: timedelta) -> None:
        """Move forward; raises ClockMovedBackwards for a negative duration."""
        self.move_to(self._now + duration)

    def move_to(self, moment: datetime) -> None:
        """Move to a later moment; raises ClockMovedBackwards for an earlier one."""
        moment = _in_utc(moment)
        if moment < self._now:
            raise ClockMovedBackwards(f"time cannot move back from {self._now.isoformat()} to {moment.isoformat()}")
        self._now = moment


class Deadline:
    """A bound on waiting for something outside the process, in real seconds."""

    def __init__(self, ends: float) -> None:
        self._ends = ends

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._ends

    def remaining(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self._ends - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Wait, but never beyond the deadline."""
        time.sleep(min(seconds, self.remaining()))


class Stopwatch:
    """Real seconds since it was made; for durations that are shown to people."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self._started


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; give one, for example datetime(..., tzinfo=UTC)")
    return moment.astimezone(UTC)
