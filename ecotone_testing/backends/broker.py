"""Real brokers: each channel on the broker of its kind, under names that only this run uses."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ecotone_lite import Channel, MessageChannel
from ecotone_lite.channels.channel import PollableChannel, Transport
from ecotone_lite.channels.memory import InMemoryTransport
from ecotone_lite.clock import SystemClock, VirtualClock
from ecotone_lite.identity import RandomIds, SeededIds
from ecotone_lite.kafka import KafkaChannel
from ecotone_lite.rabbitmq import RabbitMqChannel
from ecotone_testing.backends.backend import Backend, World
from ecotone_testing.simulation.schedule import Schedule

__all__ = ["BrokerBackend"]

PhysicalName = Callable[[str], str]
OpenTransport = Callable[[PhysicalName], Transport]

_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 20.0
_OF_ITS_KIND: Mapping[str, Callable[[Channel], MessageChannel]] = {
    "kafka": lambda channel: KafkaChannel(channel.name, partitions=channel.partitions),
    "rabbitmq": lambda channel: RabbitMqChannel(channel.name),
}
_CAPABILITIES = {
    "kafka": frozenset({"kafka", "competing_consumers", "independent_groups", "replay_history"}),
    "rabbitmq": frozenset({"rabbitmq", "competing_consumers", "header_types", "requeue"}),
}


class BrokerBackend(Backend):
    """One or more real brokers; a channel without a kind of its own takes the first.

    `transports`: for each broker, in order, what opens a transport to it that translates names for one run.
    """

    def __init__(self, name: str, transports: Mapping[str, OpenTransport]) -> None:
        self.name = name
        self._transports = dict(transports)
        first, *others = self._transports
        self.brokers = frozenset(self._transports)
        self.capabilities = _CAPABILITIES[first].union(others)

    def open(self, seed: int, starting_at: datetime) -> World:
        clock = VirtualClock(starting_at)
        run_name = RandomIds(SystemClock()).new_id()[-12:]

        def physical_name(name: str) -> str:
            return f"{name}.{run_name}"

        transports = {broker: open_it(physical_name) for broker, open_it in self._transports.items()}
        return World(
            backend=self.name,
            clock=clock,
            ids=SeededIds(clock, seed),
            schedule=Schedule(seed),
            transport=_ByKind(transports),
            poll_seconds=_POLL_SECONDS,
            patience_seconds=_PATIENCE_SECONDS,
            run_name=run_name,
        )


class _ByKind(Transport):
    """Each channel by the transport of its kind; a plain one by the first; others stay in memory."""

    def __init__(self, transports: Mapping[str, Transport]) -> None:
        self._transports = transports
        self._first = next(iter(transports))
        self._memory = InMemoryTransport()

    def open(self, declared: MessageChannel) -> PollableChannel:
        if isinstance(declared, Channel):
            declared = _OF_ITS_KIND[self._first](declared)
        if declared.broker is None:
            return self._memory.open(declared)
        return self._transports[declared.broker].open(declared)

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()
