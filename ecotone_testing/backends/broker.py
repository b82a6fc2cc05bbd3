"""Real brokers: each channel on the broker of its kind, under names that only this run uses."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from ecotone_lite import Channel, MessageChannel
from ecotone_lite.channels.channel import PollableChannel, Transport
from ecotone_lite.channels.memory import InMemoryTransport
from ecotone_lite.clock import SystemClock, VirtualClock
from ecotone_lite.identity import RandomIds, SeededIds
from ecotone_testing.backends.backend import Backend, World
from ecotone_testing.simulation.schedule import Schedule

__all__ = ["BrokerBackend", "Connection"]

PhysicalName = Callable[[str], str]

_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 20.0


class Connection(ABC):
    """A broker that runs can use, one after the other, for as long as it is open."""

    broker: str
    capabilities: frozenset[str]

    @abstractmethod
    def of_this_kind(self, channel: Channel) -> MessageChannel:
        """What a channel without a kind of its own is on this broker."""

    @abstractmethod
    def open(self, physical_name: PhysicalName) -> Transport:
        """A transport that translates the names of one run."""

    def close(self) -> None:
        """Let go of the broker."""


class BrokerBackend(Backend):
    """One or more real brokers; a channel without a kind of its own takes the first."""

    def __init__(self, name: str, connections: Sequence[Connection]) -> None:
        self.name = name
        self._connections = tuple(connections)
        self.capabilities = connections[0].capabilities.union(connection.broker for connection in connections)

    def open(self, seed: int, starting_at: datetime) -> World:
        clock = VirtualClock(starting_at)
        run_name = RandomIds(SystemClock()).new_id()[-12:]
        transport = _ByKind(self._connections, lambda name: f"{name}.{run_name}")
        return World(
            backend=self.name,
            clock=clock,
            ids=SeededIds(clock, seed),
            schedule=Schedule(seed),
            transport=transport,
            poll_seconds=_POLL_SECONDS,
            patience_seconds=_PATIENCE_SECONDS,
            run_name=run_name,
        )

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


class _ByKind(Transport):
    """Each channel by the transport of its kind; one without a kind by the first; the rest in memory."""

    def __init__(self, connections: Sequence[Connection], physical_name: PhysicalName) -> None:
        self._default = connections[0]
        self._transports: Mapping[str, Transport] = {
            connection.broker: connection.open(physical_name) for connection in connections
        }
        self._memory = InMemoryTransport()

    def open(self, declared: MessageChannel) -> PollableChannel:
        if isinstance(declared, Channel):
            declared = self._default.of_this_kind(declared)
        if declared.broker is None:
            return self._memory.open(declared)
        return self._transports[declared.broker].open(declared)

    def drop(self) -> None:
        for transport in self._transports.values():
            transport.drop()
