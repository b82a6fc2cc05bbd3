"""Ideal queues and logs in virtual time, on one thread."""

from datetime import datetime

from ecotone_lite.channels.memory import InMemoryBroker, InMemoryTransport
from ecotone_lite.clock import VirtualClock
from ecotone_lite.identity import SeededIds
from ecotone_testing.backends.backend import Backend, World
from ecotone_testing.simulation.schedule import Schedule

__all__ = ["MemoryBackend"]


class MemoryBackend(Backend):
    """Everything in memory; nothing waits, and one seed gives one trace."""

    name = "memory"
    capabilities = frozenset(
        {
            "kafka",
            "rabbitmq",
            "competing_consumers",
            "header_types",
            "independent_groups",
            "replay_history",
            "requeue",
        }
    )

    def open(self, seed: int, starting_at: datetime) -> World:
        clock = VirtualClock(starting_at)
        schedule = Schedule(seed)
        return World(
            backend=self.name,
            clock=clock,
            ids=SeededIds(clock, seed),
            schedule=schedule,
            transport=InMemoryTransport(InMemoryBroker(schedule.choose)),
            poll_seconds=0.0,
            patience_seconds=0.0,
        )
