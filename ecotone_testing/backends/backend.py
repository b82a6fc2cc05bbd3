"""The Backend port, its capabilities, and the world that one run lives in."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ecotone_lite import MessageChannel
from ecotone_lite.channels.channel import Transport
from ecotone_lite.clock import VirtualClock
from ecotone_lite.errors import EcotoneError, nearest
from ecotone_lite.identity import SeededIds
from ecotone_testing.simulation.schedule import Schedule

__all__ = ["CAPABILITIES", "Backend", "Unsupported", "World", "missing_capabilities"]

CAPABILITIES = {
    "kafka": "channels, consumers and publishers of Kafka",
    "rabbitmq": "channels, consumers and publishers of RabbitMQ",
    "competing_consumers": "several consumers share the messages of one channel",
    "header_types": "headers keep their types: numbers, booleans, lists",
    "independent_groups": "several groups of consumers each see every message of one channel",
    "replay_history": "a new group of consumers sees what was there before it",
    "requeue": "a single message can be given back, and comes again before those behind it",
    "delay": "a message can wait before it is received",
    "time_to_live": "a message can expire before it is received",
    "priority": "a message can overtake others",
}
"""What a backend can be capable of, and what each name means."""

START = datetime(2026, 1, 1, tzinfo=UTC)


class Unsupported(EcotoneError):
    """The backend lacks capabilities that are needed; `missing` has their names."""

    def __init__(self, backend: str, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        names = ", ".join(f"{name!r} ({CAPABILITIES[name]})" for name in self.missing)
        super().__init__(f"unsupported on {backend}: it lacks {names}")


@dataclass
class World:
    """What the services of one run share: time, ids, chance, and the transport of their channels."""

    backend: str
    clock: VirtualClock
    ids: SeededIds
    schedule: Schedule
    transport: Transport
    poll_seconds: float
    """How long a consumer waits for one message, in real seconds."""
    patience_seconds: float
    """How long a run goes on without any progress before it says what is missing, in real seconds."""
    run_name: str = ""
    """What makes names on a broker those of this run; empty where names are not shared."""

    def physical_name(self, name: str) -> str:
        """What a channel, topic or queue is called on the broker in this run."""
        return f"{name}.{self.run_name}" if self.run_name else name

    def close(self) -> None:
        """Let go of connections, and remove from the brokers what this run left there."""
        self.transport.drop()


class Backend(ABC):
    """A place where flows and scenarios can run."""

    name: str
    capabilities: frozenset[str]

    @abstractmethod
    def open(self, seed: int, starting_at: datetime) -> World:
        """A world for one run."""

    def close(self) -> None:
        """Let go of what all runs share."""

    def missing_for(self, channels: Iterable[MessageChannel]) -> tuple[str, ...]:
        """The brokers that these channels need and this backend lacks."""
        needed = {channel.broker for channel in channels if channel.broker is not None}
        return tuple(sorted(needed - self.capabilities))


def missing_capabilities(backend: Backend, needed: Iterable[str]) -> tuple[str, ...]:
    """Those that the backend lacks; raises ValueError for a name that is no capability."""
    names = tuple(dict.fromkeys(needed))
    for name in names:
        if name not in CAPABILITIES:
            raise ValueError(f"{name!r} is no capability{nearest(name, sorted(CAPABILITIES))}")
    return tuple(name for name in names if name not in backend.capabilities)
