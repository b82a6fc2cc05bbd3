"""A queue in memory: one line of messages, shared by all who receive from it."""

from collections import deque
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING

from ecotone_lite.channels.channel import Delivery, MessageChannel, PollableChannel, Receiver
from ecotone_lite.message import Message

if TYPE_CHECKING:
    from ecotone_lite.channels.memory import InMemoryBroker

__all__ = ["Channel", "QueueChannel"]


@dataclass(frozen=True)
class Channel(MessageChannel):
    """A channel of whatever kind the run has: a queue in memory, a topic on Kafka, a queue on RabbitMQ.

    `partitions` is a hint, ignored where there are none.
    """

    name: str
    partitions: int = 1

    def in_memory(self, broker: "InMemoryBroker") -> PollableChannel:
        return broker.queue(self.name)


@dataclass(frozen=True)
class QueueChannel(MessageChannel):
    """A queue in memory, on every run (Ecotone: SimpleMessageChannelBuilder::createQueueChannel)."""

    name: str

    def in_memory(self, broker: "InMemoryBroker") -> PollableChannel:
        return broker.queue(self.name)


class Queue(PollableChannel):
    """Messages in the order sent; a released one is the next again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._waiting: deque[Message] = deque()
        self._arrival = Condition()

    def called(self, name: str) -> "Queue":
        """The same queue, for a channel that has another name."""
        other = copy(self)
        other.name = name
        return other

    def send(self, messages: Sequence[Message]) -> None:
        with self._arrival:
            self._waiting.extend(messages)
            self._arrival.notify(len(messages))

    def receiver(self, endpoint_id: str) -> Receiver:  # noqa: ARG002 - a queue is shared by all
        return _QueueReceiver(self._waiting, self._arrival)


class _QueueReceiver(Receiver):
    def __init__(self, waiting: deque[Message], arrival: Condition) -> None:
        self._waiting = waiting
        self._arrival = arrival
        self._in_hand: list[_QueueDelivery] = []

    def receive(self, timeout: float = 0.0) -> Delivery | None:
        with self._arrival:
            if not self._waiting and not (timeout and self._arrival.wait_for(lambda: self._waiting, timeout)):
                return None
            message = self._waiting.popleft()
        delivery = _QueueDelivery(message, self._waiting, self._in_hand)
        self._in_hand.append(delivery)
        return delivery

    def close(self) -> None:
        for delivery in reversed(self._in_hand[:]):
            delivery.release()


class _QueueDelivery(Delivery):
    def __init__(self, message: Message, waiting: deque[Message], in_hand: "list[_QueueDelivery]") -> None:
        self.message = message
        self._waiting = waiting
        self._in_hand = in_hand

    def _acknowledge(self) -> None:
        self._in_hand.remove(self)

    def _release(self) -> None:
        self._in_hand.remove(self)
        self._waiting.appendleft(self.message)

    def _reject(self) -> None:
        self._in_hand.remove(self)
