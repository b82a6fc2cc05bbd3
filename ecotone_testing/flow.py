"""The flow under test: the verbs done at once, and what there is to read about it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar

from ecotone_lite import Headers
from ecotone_lite.tracing import Happening
from ecotone_testing.steps import Metadata, Stage, Step, Verbs
from ecotone_testing.trace.record import TraceRecord
from ecotone_testing.trace.trace import Trace

__all__ = ["FlowTestSupport", "ObservedStage"]

ServiceT = TypeVar("ServiceT")


class ObservedStage(Stage, Protocol):
    """A stage that can be looked at."""

    @property
    def trace(self) -> Trace: ...

    def recorded(self, happening: Happening) -> list[TraceRecord]: ...

    def now(self) -> datetime: ...

    def physical_name(self, name: str) -> str: ...


class FlowTestSupport(Verbs):
    """A running flow (Ecotone: FlowTestSupport). The verbs give the flow back, so that they can be chained.

    What was recorded is given once: reading drains. `trace` never drains.
    """

    def __init__(self, stage: ObservedStage) -> None:
        self._stage = stage

    def _take(self, step: Step) -> Self:
        step.perform(self._stage)
        return self

    @property
    def trace(self) -> Trace:
        """Everything that happened in this run."""
        return self._stage.trace

    def send_query(self, query: object, metadata: Metadata | None = None) -> Any:
        """Ask, and give the answer (Ecotone: sendQuery)."""
        return self._stage.system.query_bus.send(query, metadata)

    def send_query_with_routing_key(
        self,
        routing_key: str,
        query: object = None,
        metadata: Metadata | None = None,
        *,
        media_type: str | None = None,
    ) -> Any:
        """Ask by a routing key, and give the answer (Ecotone: sendQueryWithRouting)."""
        bus = self._stage.system.query_bus
        return bus.send_with_routing_key(routing_key, query, metadata, media_type=media_type)

    def get_recorded_events(self) -> list[Any]:
        """The payloads published since this was last asked, in order; asking drains (Ecotone: getRecordedEvents)."""
        return [record.message.payload for record in self._stage.recorded(Happening.PUBLISHED)]

    def get_recorded_event_headers(self) -> list[Headers]:
        """The headers of what was published; drains what get_recorded_events would give."""
        return [record.message.headers for record in self._stage.recorded(Happening.PUBLISHED)]

    def get_recorded_commands(self) -> list[Any]:
        """The payloads sent to the command bus since this was last asked; asking drains."""
        return [record.message.payload for record in self._stage.recorded(Happening.SENT)]

    def get_recorded_command_headers(self) -> list[Headers]:
        """The headers of what was sent to the command bus; drains what get_recorded_commands would give."""
        return [record.message.headers for record in self._stage.recorded(Happening.SENT)]

    def get_aggregate(self, aggregate_class: type[ServiceT], identifiers: object) -> ServiceT:
        """The aggregate as it is stored; `identifiers`: one value, or a mapping. Raises AggregateNotFound."""
        store = self._stage.system.aggregates(aggregate_class)
        aggregate: ServiceT = store.load(store.typed(identifiers))[0]
        return aggregate

    def get_gateway(self, gateway: Callable[..., ServiceT]) -> ServiceT:
        """A bus or another gateway, by its class (Ecotone: getGateway)."""
        return self._stage.system.get_gateway(gateway)

    def get_instance(self, service: Callable[..., ServiceT]) -> ServiceT:
        """A service under test or a dependency, by its class (Ecotone: getServiceFromContainer)."""
        return self._stage.system.get_service(service)

    def waiting(self, channel: str) -> int:
        """How many messages were promised to a channel and are not settled."""
        return self.trace.outstanding(channel)

    def list(self) -> "list[str]":
        """The names of what can be run."""
        return self._stage.system.list()

    def now(self) -> datetime:
        """The flow's time."""
        return self._stage.now()

    def physical_name(self, name: str) -> str:
        """What a channel, topic or queue is called on the broker in this run."""
        return self._stage.physical_name(name)
