"""A channel over a queue."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecotone_lite.channels.channel import MessageChannel, PollableChannel

if TYPE_CHECKING:
    from ecotone_lite.channels.memory import InMemoryBroker

__all__ = ["RabbitMqChannel"]


@dataclass(frozen=True)
class RabbitMqChannel(MessageChannel):
    """A channel over a durable RabbitMQ queue (Ecotone: AmqpBackedMessageChannelBuilder).

    `queue` is the channel's name unless given. `prefetch_count`: how many messages the broker hands out ahead; with
    more than 1, a released message comes again behind those. In memory it is a queue.
    """

    name: str
    queue: str | None = None
    prefetch_count: int = 1
    broker = "rabbitmq"

    @property
    def queue_name(self) -> str:
        return self.queue or self.name

    def in_memory(self, broker: "InMemoryBroker") -> PollableChannel:
        return broker.queue(self.queue_name).called(self.name)
