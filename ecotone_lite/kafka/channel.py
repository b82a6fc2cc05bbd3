"""A channel over a topic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecotone_lite.channels.channel import MessageChannel, PollableChannel
from ecotone_lite.channels.log import LogChannel
from ecotone_lite.kafka.header import KafkaHeader

if TYPE_CHECKING:
    from ecotone_lite.channels.memory import InMemoryBroker

__all__ = ["KafkaChannel"]


@dataclass(frozen=True)
class KafkaChannel(MessageChannel):
    """A channel over a Kafka topic (Ecotone: KafkaMessageChannelBuilder).

    `topic` and `message_group_id` are the channel's name unless given. A topic that is not there yet is made with so
    many `partitions`. In memory it is a log with partitions, groups and offsets.
    """

    name: str
    topic: str | None = None
    message_group_id: str | None = None
    partitions: int = 1
    broker = "kafka"

    @property
    def topic_name(self) -> str:
        return self.topic or self.name

    @property
    def group(self) -> str:
        return self.message_group_id or self.name

    def in_memory(self, broker: "InMemoryBroker") -> PollableChannel:
        log = broker.log(self.topic_name, self.partitions)
        return LogChannel(self.name, log, self.group, choose=broker.choose, position=_position)


def _position(topic: str, partition: int, offset: int) -> Mapping[str, object]:
    return {KafkaHeader.TOPIC: topic, KafkaHeader.PARTITION: partition, KafkaHeader.OFFSET: offset}
