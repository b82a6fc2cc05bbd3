"""The channel ports: what is declared, what can be sent to and received from, and the delivery that is settled."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from ecotone_lite.errors import AlreadySettled
from ecotone_lite.message import Message

if TYPE_CHECKING:
    from ecotone_lite.channels.memory import InMemoryBroker

__all__ = ["Delivery", "MessageChannel", "PollableChannel", "Receiver", "Transport"]


class MessageChannel(ABC):
    """A channel as a user declares it: a name and settings, a value without connections.

    Every kind has a form in memory, so that the production configuration itself is tested without a broker.
    """

    name: str
    broker: ClassVar[str | None] = None
    """The broker that this kind of channel lives on: "kafka", "rabbitmq", or None."""

    @abstractmethod
    def in_memory(self, broker: "InMemoryBroker") -> "PollableChannel":
        """The channel as it is where no broker is used; the same name on the same `broker` is the same channel."""


class Delivery(ABC):
    """A message in a receiver's hands; it is settled once, by one of three words."""

    message: Message
    """As it crossed the wire: the payload is bytes."""
    _settled = False

    def acknowledge(self) -> None:
        """It was handled: it never comes again.

        Raises AlreadySettled; DeliveryLost or BrokerUnreachable: then it comes again.
        """
        self._settle(self._acknowledge)

    def release(self) -> None:
        """Give it back, to its old place: it is the next one received. Raises AlreadySettled or BrokerUnreachable."""
        self._settle(self._release)

    def reject(self) -> None:
        """Give it up: it is not received again, and goes where the channel keeps what was given up, if anywhere.

        Raises what `acknowledge` raises.
        """
        self._settle(self._reject)

    @abstractmethod
    def _acknowledge(self) -> None: ...

    @abstractmethod
    def _release(self) -> None: ...

    @abstractmethod
    def _reject(self) -> None: ...

    def _settle(self, how: Callable[[], None]) -> None:
        if self._settled:
            raise AlreadySettled(f"message {self.message.message_id} was settled before")
        self._settled = True
        how()


class Receiver(ABC):
    """One consumer's place at a channel."""

    @abstractmethod
    def receive(self, timeout: float = 0.0) -> Delivery | None:
        """The next message, or None when none came within `timeout` (real seconds; 0: only what is there already).

        What is in hand is settled before the next is received. Raises BrokerUnreachable.
        """

    def join(self, timeout: float = 0.0) -> bool:  # noqa: ARG002 - a queue is open to all at once
        """Take the place, and tell whether it has its share of the messages, after at most `timeout` real seconds.

        Where several receivers of one endpoint have to agree on their shares, all of them join before one receives,
        so that no message is taken away from the one that has it in hand.
        """
        return True

    def pause(self) -> None:
        """The end of a run: what was handled is known to the channel, and nothing is held back from other receivers."""

    @abstractmethod
    def close(self) -> None:
        """Give up the place. What was received and not settled is received again, by whoever comes next."""


class PollableChannel(ABC):
    """A channel that keeps messages until somebody receives them."""

    name: str
    partitions: int = 1
    """How many receivers of one endpoint can work side by side without giving up the order of messages of one key."""

    @abstractmethod
    def send(self, messages: Sequence[Message]) -> None:
        """Put messages, whose payloads are bytes, at the end, in this order.

        When it returns, the channel has them safely; otherwise it raises MessageNotSent (BrokerUnreachable, when there
        is nobody to take them), and those that were taken nevertheless may still be received.
        """

    @abstractmethod
    def receiver(self, endpoint_id: str) -> Receiver:
        """A place at the channel. Receivers of one endpoint id share the messages, each goes to one of them.

        Where the channel is a log, other endpoint ids see all messages again, each from the beginning; where it is a
        queue, all receivers share the messages whatever their endpoint id.
        """

    def close(self) -> None:
        """Let go of connections."""


class Transport(ABC):
    """Opens declared channels: in memory, on a broker, or each on its own."""

    @abstractmethod
    def open(self, declared: MessageChannel) -> PollableChannel:
        """The channel that this declaration stands for; nothing is asked of a broker before it is needed."""

    def close(self) -> None:
        """Let go of connections."""

    def drop(self) -> None:
        """Close, and remove from the broker what was made there for these channels, and all that is in it."""
        self.close()
