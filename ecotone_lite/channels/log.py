"""A partitioned log in memory: messages are kept, and each group of consumers has its own offsets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Condition
from zlib import crc32

from ecotone_lite.channels.channel import Delivery, PollableChannel, Receiver
from ecotone_lite.channels.partition_key import partition_key
from ecotone_lite.message import PARTITION_SOURCE_KEY, Message

__all__ = ["Choice", "Log", "LogChannel", "Position"]

Choice = Callable[[Sequence[int]], int]
"""Which of several partitions that have a message comes next."""

Position = Callable[[str, int, int], Mapping[str, object]]
"""The headers that tell a receiver the log's name, the partition and the offset."""


@dataclass
class Log:
    """Messages by partition, in the order appended; the partition is chosen by the key, as librdkafka does (CRC-32)."""

    name: str
    partitions: list[list[Message]]
    groups: "dict[str, _Group]" = field(default_factory=dict)
    arrival: Condition = field(default_factory=Condition)

    @classmethod
    def with_partitions(cls, name: str, count: int) -> "Log":
        return cls(name, [[] for _ in range(count)])

    def append(self, message: Message) -> None:
        key = partition_key(message.headers)
        partition = crc32(key.encode()) % len(self.partitions)
        with self.arrival:
            self.partitions[partition].append(message.with_headers({PARTITION_SOURCE_KEY: key}))
            self.arrival.notify_all()

    def group(self, name: str) -> "_Group":
        return self.groups.setdefault(name, _Group([0] * len(self.partitions)))


@dataclass
class _Group:
    """How far a group has come in each partition, and who of it reads which."""

    committed: list[int]
    members: "list[_LogReceiver]" = field(default_factory=list)

    def assigned_to(self, member: "_LogReceiver") -> list[int]:
        place = self.members.index(member)
        return [partition for partition in range(len(self.committed)) if partition % len(self.members) == place]


class LogChannel(PollableChannel):
    """A channel over a log; endpoints other than the channel itself have groups of their own."""

    def __init__(
        self,
        name: str,
        log: Log,
        group: str,
        *,
        choose: Choice,
        position: Callable[[str, int, int], Mapping[str, object]],
    ) -> None:
        self.name = name
        self.partitions = len(log.partitions)
        self._log = log
        self._group = group
        self._choose = choose
        self._position = position

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._log.append(message)

    def receiver(self, endpoint_id: str) -> Receiver:
        group = self._group if endpoint_id == self.name else f"{self._group}_{endpoint_id}"
        return _LogReceiver(self._log, self._log.group(group), self._choose, self._position)


class _LogReceiver(Receiver):
    def __init__(self, log: Log, group: _Group, choose: Choice, position: Position) -> None:
        self._log = log
        self._group = group
        self._choose = choose
        self._position = position
        group.members.append(self)

    def receive(self, timeout: float = 0.0) -> Delivery | None:
        ready = self._ready()
        if not ready and timeout:
            with self._log.arrival:
                self._log.arrival.wait_for(self._ready, timeout)
            ready = self._ready()
        if not ready:
            return None
        partition = ready[0] if len(ready) == 1 else self._choose(ready)
        offset = self._group.committed[partition]
        message = self._log.partitions[partition][offset]
        return _LogDelivery(
            message.with_headers(self._position(self._log.name, partition, offset)), self._group, partition, offset
        )

    def close(self) -> None:
        self._group.members.remove(self)

    def _ready(self) -> list[int]:
        """The partitions of this receiver that have a message."""
        return [
            partition
            for partition in self._group.assigned_to(self)
            if self._group.committed[partition] < len(self._log.partitions[partition])
        ]


class _LogDelivery(Delivery):
    def __init__(self, message: Message, group: _Group, partition: int, offset: int) -> None:
        self.message = message
        self._group = group
        self._partition = partition
        self._offset = offset

    def _acknowledge(self) -> None:
        self._group.committed[self._partition] = self._offset + 1

    def _release(self) -> None:
        """It is where it was."""

    def _reject(self) -> None:
        self._acknowledge()
