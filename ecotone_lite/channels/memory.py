"""What channels are when no broker is used: queues and logs by name, shared by all services of one run."""

from collections.abc import Sequence

from ecotone_lite.channels.channel import MessageChannel, PollableChannel, Transport
from ecotone_lite.channels.log import Choice, Log
from ecotone_lite.channels.queue import Queue

__all__ = ["InMemoryBroker", "InMemoryTransport"]


def _the_first(partitions: Sequence[int]) -> int:
    return partitions[0]


class InMemoryBroker:
    """Queues and logs by name. `choose` decides which partition of a log moves next."""

    def __init__(self, choose: Choice = _the_first) -> None:
        self.choose = choose
        self._queues: dict[str, Queue] = {}
        self._logs: dict[str, Log] = {}

    def queue(self, name: str) -> Queue:
        """The queue of this name, made when it is first asked for."""
        return self._queues.setdefault(name, Queue(name))

    def log(self, name: str, partitions: int) -> Log:
        """The log of this name, made with so many partitions when it is first asked for."""
        return self._logs.setdefault(name, Log.with_partitions(name, partitions))


class InMemoryTransport(Transport):
    """Opens every kind of channel in its form in memory."""

    def __init__(self, broker: InMemoryBroker | None = None) -> None:
        self._broker = broker or InMemoryBroker()

    def open(self, declared: MessageChannel) -> PollableChannel:
        return declared.in_memory(self._broker)
