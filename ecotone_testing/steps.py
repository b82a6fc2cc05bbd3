"""Every verb of the flow as a frozen value, and the verbs themselves: defined once, for flows and for scenarios."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, Self

from ecotone_lite import ConfiguredMessagingSystem, ExecutionPollingMetadata

__all__ = [
    "DiscardRecordedMessages",
    "Expect",
    "Expectation",
    "PublishEvent",
    "PublishEventWithRoutingKey",
    "Run",
    "SendCommand",
    "SendCommandWithRoutingKey",
    "Stage",
    "Step",
    "Verbs",
    "WithStateFor",
]

Metadata = Mapping[str, object]


class Expectation(Protocol):
    """What should be true of a run; it remembers nothing, so one value serves any number of runs."""

    def __str__(self) -> str:
        """The sentence that is expected to be true: `NoteTicket(1) is handled once`."""
        ...


class Stage(Protocol):
    """One service of a run: where steps are performed."""

    @property
    def system(self) -> ConfiguredMessagingSystem: ...

    def run(self, endpoint_id: str, metadata: ExecutionPollingMetadata | None, consumers: int) -> None: ...

    def check(self, expectations: Sequence[Expectation]) -> None: ...

    def discard_recorded_messages(self) -> None: ...


class Step(ABC):
    """One thing that is done, or expected, as a value."""

    @abstractmethod
    def perform(self, stage: Stage) -> None:
        """Do it there."""

    def __str__(self) -> str:
        given = [getattr(self, part.name) for part in fields(self)]  # type: ignore[arg-type]  # steps are dataclasses
        return f"{_snake_case(type(self).__name__)}({', '.join(repr(value) for value in given if value is not None)})"


@dataclass(frozen=True, slots=True)
class SendCommand(Step):
    """A command, by its class."""

    command: object
    metadata: Metadata | None = None

    def perform(self, stage: Stage) -> None:
        stage.system.command_bus.send(self.command, self.metadata)


@dataclass(frozen=True, slots=True)
class SendCommandWithRoutingKey(Step):
    """A command, by its routing key."""

    routing_key: str
    command: object = None
    metadata: Metadata | None = None
    media_type: str | None = None

    def perform(self, stage: Stage) -> None:
        bus = stage.system.command_bus
        bus.send_with_routing_key(self.routing_key, self.command, self.metadata, media_type=self.media_type)


@dataclass(frozen=True, slots=True)
class PublishEvent(Step):
    """An event, by its class."""

    event: object
    metadata: Metadata | None = None

    def perform(self, stage: Stage) -> None:
        stage.system.event_bus.publish(self.event, self.metadata)


@dataclass(frozen=True, slots=True)
class PublishEventWithRoutingKey(Step):
    """An event, by its name."""

    routing_key: str
    event: object = None
    metadata: Metadata | None = None
    media_type: str | None = None

    def perform(self, stage: Stage) -> None:
        bus = stage.system.event_bus
        bus.publish_with_routing_key(self.routing_key, self.event, self.metadata, media_type=self.media_type)


@dataclass(frozen=True, slots=True)
class WithStateFor(Step):
    """An aggregate that is there already."""

    aggregate: object

    def perform(self, stage: Stage) -> None:
        store = stage.system.aggregates(type(self.aggregate))
        store.keep(self.aggregate)


@dataclass(frozen=True, slots=True)
class Run(Step):
    """A consumer at work."""

    endpoint_id: str
    metadata: ExecutionPollingMetadata | None = None
    consumers: int = 1

    def perform(self, stage: Stage) -> None:
        stage.run(self.endpoint_id, self.metadata, self.consumers)

    def __str__(self) -> str:
        sharing = f", consumers={self.consumers}" if self.consumers > 1 else ""
        limits = f", {self.metadata!r}" if self.metadata else ""
        return f"run({self.endpoint_id!r}{limits}{sharing})"


@dataclass(frozen=True, slots=True)
class DiscardRecordedMessages(Step):
    """What was recorded is forgotten."""

    def perform(self, stage: Stage) -> None:
        stage.discard_recorded_messages()


@dataclass(frozen=True, slots=True)
class Expect(Step):
    """Sentences that should be true now."""

    expectations: tuple[Expectation, ...]

    def perform(self, stage: Stage) -> None:
        stage.check(self.expectations)

    def __str__(self) -> str:
        return f"expect({', '.join(str(expectation) for expectation in self.expectations)})"


class Verbs(ABC):
    """The verbs of the flow; each gives back the flow, or the scenario with one more step, for the next."""

    @abstractmethod
    def _take(self, step: Step) -> Self:
        """Do this step, or write it down."""

    def send_command(self, command: object, metadata: Metadata | None = None) -> Self:
        """Send a command to its handler; the reply is dropped (Ecotone: sendCommand)."""
        return self._take(SendCommand(command, metadata))

    def send_command_with_routing_key(
        self,
        routing_key: str,
        command: object = None,
        metadata: Metadata | None = None,
        *,
        media_type: str | None = None,
    ) -> Self:
        """Send a command by its routing key; the reply is dropped (Ecotone: sendCommandWithRoutingKey)."""
        return self._take(SendCommandWithRoutingKey(routing_key, command, metadata, media_type))

    def publish_event(self, event: object, metadata: Metadata | None = None) -> Self:
        """Tell an event to its handlers (Ecotone: publishEvent)."""
        return self._take(PublishEvent(event, metadata))

    def publish_event_with_routing_key(
        self,
        routing_key: str,
        event: object = None,
        metadata: Metadata | None = None,
        *,
        media_type: str | None = None,
    ) -> Self:
        """Tell an event by its name (Ecotone: publishEventWithRoutingKey)."""
        return self._take(PublishEventWithRoutingKey(routing_key, event, metadata, media_type))

    def with_state_for(self, aggregate: object) -> Self:
        """Store an aggregate; events recorded inside it are forgotten (Ecotone: withStateFor)."""
        return self._take(WithStateFor(aggregate))

    def run(self, endpoint_id: str, metadata: ExecutionPollingMetadata | None = None, *, consumers: int = 1) -> Self:
        """Consume until every delivery promised to the endpoint is settled, or a limit is reached (Ecotone: run).

        `consumers` share the partitions of the endpoint's channel; a hint, ignored where there are none. An error of a
        handler leaves the run unless `metadata` says otherwise; its message goes back to the channel.
        """
        return self._take(Run(endpoint_id, metadata, consumers))

    def discard_recorded_messages(self) -> Self:
        """Forget what the recorded getters would give; the trace stays (Ecotone: discardRecordedMessages)."""
        return self._take(DiscardRecordedMessages())

    def expect(self, *expectations: Expectation) -> Self:
        """Expect all of these to be true now; otherwise an AssertionError shows the messages that matter."""
        return self._take(Expect(expectations))


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
