"""The composition root: classes, dependencies, configuration and ports in, an application out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ecotone_lite.buses import CommandBus, EventBus, QueryBus
from ecotone_lite.channels.channel import MessageChannel, PollableChannel, Transport
from ecotone_lite.clock import Clock, SystemClock
from ecotone_lite.configuration import ServiceConfiguration
from ecotone_lite.conversion.conversion import Conversion
from ecotone_lite.definitions import ClassDefinition, HandlerDefinition, HandlerKind
from ecotone_lite.discovery import discover, routed_types
from ecotone_lite.endpoints.asynchronous import AsynchronousEndpoint, OutboundChannel
from ecotone_lite.endpoints.polling import ExecutionPollingMetadata, PollingConsumer, RunLimits, Stop
from ecotone_lite.errors import (
    ConfigurationError,
    DuplicateChannel,
    DuplicateEndpointId,
    SeveralConfigurationErrors,
    UnknownChannel,
    UnknownEndpoint,
    UnresolvableParameter,
    nearest,
)
from ecotone_lite.handling.arguments import plan_arguments
from ecotone_lite.handling.invocation import Endpoint, Invocation, ServiceEndpoint
from ecotone_lite.handling.routing import Routes, contradictions
from ecotone_lite.handling.scope import Handling
from ecotone_lite.handling.services import Services
from ecotone_lite.identity import IdGenerator, RandomIds
from ecotone_lite.message import Message, MessageFactory
from ecotone_lite.modelling.aggregates import AggregateEndpoint, AggregateStore
from ecotone_lite.modelling.repositories import InMemoryRepository
from ecotone_lite.tracing import NO_TRACE, Tracer
from ecotone_lite.transports import ProductionTransport

if TYPE_CHECKING:
    from ecotone_testing.flow import FlowTestSupport

__all__ = ["ConfiguredMessagingSystem", "EcotoneLite", "Ports", "build"]

ServiceT = TypeVar("ServiceT")
Dependencies = Sequence[object] | Mapping[str, object]

_POLL_SECONDS = 0.5
_WORKER = ExecutionPollingMetadata(stop_on_error=False, finish_when_no_messages=False)


@dataclass(frozen=True)
class Ports:
    """What an application asks the world for: the time, ids, channels; and whom it tells what happens."""

    clock: Clock
    ids: IdGenerator
    transport: Transport
    tracer: Tracer = NO_TRACE


class EcotoneLite:
    """Where everything starts (Ecotone: EcotoneLite)."""

    @staticmethod
    def bootstrap(
        classes: Sequence[type[Any]],
        dependencies: Dependencies = (),
        *,
        configuration: ServiceConfiguration = ServiceConfiguration(),  # noqa: B008 - a value
    ) -> "ConfiguredMessagingSystem":
        """An application as it goes to production.

        `classes` are read for handlers; what their parameters ask for is looked up in `dependencies` by type, or built.
        Channels are those of the configuration. No broker is asked for anything before something is sent or run.
        Raises ConfigurationError, with everything that is wrong at once.
        """
        clock = SystemClock()
        transport = ProductionTransport(configuration)
        return build(classes, dependencies, configuration, Ports(clock, RandomIds(clock), transport))

    @staticmethod
    def bootstrap_flow_testing(
        classes: Sequence[type[Any]],
        dependencies: Dependencies = (),
        *,
        configuration: ServiceConfiguration = ServiceConfiguration(),  # noqa: B008 - a value
        enable_asynchronous_processing: bool | Sequence[MessageChannel] = False,
        starting_at: datetime | None = None,
        seed: int = 0,
    ) -> "FlowTestSupport":
        """A flow test in memory: the classes under test, in virtual time, with everything that happens recorded.

        `enable_asynchronous_processing`: False handles everything at once, unless the configuration has channels; True
        makes a channel for each name that a handler mentions; a list gives the channels, the production ones if you
        like. `seed` chooses ids and what moves next: one seed, one trace. Raises ConfigurationError.
        """
        from ecotone_testing.backends.memory import MemoryBackend
        from ecotone_testing.runner import bootstrap_flow

        return bootstrap_flow(
            MemoryBackend(),
            classes,
            dependencies,
            configuration=configuration,
            enable_asynchronous_processing=enable_asynchronous_processing,
            starting_at=starting_at,
            seed=seed,
        )


class ConfiguredMessagingSystem:
    """A running application (Ecotone: ConfiguredMessagingSystem)."""

    def __init__(
        self,
        services: Services,
        stores: Mapping[type[Any], AggregateStore],
        consumers: Mapping[str, Callable[[], PollingConsumer]],
        ports: Ports,
    ) -> None:
        self._services = services
        self._stores = stores
        self._consumers = consumers
        self._ports = ports

    @cached_property
    def command_bus(self) -> CommandBus:
        return self._services.get(CommandBus)

    @cached_property
    def event_bus(self) -> EventBus:
        return self._services.get(EventBus)

    @cached_property
    def query_bus(self) -> QueryBus:
        return self._services.get(QueryBus)

    def get_gateway(self, gateway: Callable[..., ServiceT]) -> ServiceT:
        """A bus or another gateway, by its class."""
        return self.get_service(gateway)

    def get_service(self, service: Callable[..., ServiceT]) -> ServiceT:
        """A service by its class; raises UnresolvableParameter when it is not given and cannot be built."""
        if not isinstance(service, type):
            raise UnresolvableParameter(f"{service!r} is no class; ask for a service by its class")
        return cast("ServiceT", self._services.get(service, asked_by=f"get_service({service.__name__})"))

    def aggregates(self, aggregate_class: type[Any]) -> AggregateStore:
        """Where the aggregates of a class are loaded and saved; raises UnresolvableParameter for any other class."""
        try:
            return self._stores[aggregate_class]
        except KeyError:
            name, known = aggregate_class.__name__, [cls.__name__ for cls in self._stores]
            raise UnresolvableParameter(f"{name} is no aggregate of this application{nearest(name, known)}") from None

    def list(self) -> "list[str]":
        """The names of what can be run, in alphabetical order."""
        return sorted(self._consumers)

    def consumer(self, endpoint_id: str) -> PollingConsumer:
        """A new consumer of an endpoint; raises UnknownEndpoint."""
        try:
            return self._consumers[endpoint_id]()
        except KeyError:
            raise UnknownEndpoint(endpoint_id, known=self._consumers) from None

    def run(self, endpoint_id: str, metadata: ExecutionPollingMetadata = _WORKER) -> None:
        """Consume until a limit is reached, without one until the process ends; raises UnknownEndpoint."""
        limited = metadata.over(_WORKER)
        limits = RunLimits(limited, self._ports.clock)
        consumer = self.consumer(endpoint_id)
        patience = 0.0 if limited.finish_when_no_messages else _POLL_SECONDS
        try:
            while not limits.reached:
                if consumer.poll(timeout=patience, stop_on_error=bool(limited.stop_on_error)):
                    limits.count()
                elif limited.finish_when_no_messages:
                    break
        finally:
            consumer.close()

    def close(self) -> None:
        """Let go of every connection."""
        self._ports.transport.close()


def build(
    classes: Sequence[type[Any]],
    dependencies: Dependencies,
    configuration: ServiceConfiguration,
    ports: Ports,
    *,
    asynchronous: bool = True,
    undeclared: Callable[[str], MessageChannel] | None = None,
) -> ConfiguredMessagingSystem:
    """The only code that knows every ring. `undeclared` makes a channel for a name that nobody declared.

    Raises ConfigurationError with everything that is wrong at once; nothing is asked of a broker.
    """
    return _Builder(classes, dependencies, configuration, ports, asynchronous, undeclared).build()


@dataclass
class _Builder:
    given: Sequence[type[Any]]
    dependencies: Dependencies
    configuration: ServiceConfiguration
    ports: Ports
    asynchronous: bool
    undeclared: Callable[[str], MessageChannel] | None

    def __post_init__(self) -> None:
        self.problems: list[ConfigurationError] = []
        self.classes = [self._read(cls) for cls in dict.fromkeys(self.given)]
        self.handlers = [handler for cls in self.classes for handler in cls.handlers]
        self.conversion = Conversion(self._payload_types())
        self.handling = Handling()
        self.messages = MessageFactory(self.ports.clock, self.ports.ids)
        self.services = Services(self.dependencies)
        self.stops: dict[str, Stop] = {}

    def build(self) -> ConfiguredMessagingSystem:
        channels = self._channels()
        self._check()
        routes = self._provide_buses()
        stores = self._aggregate_stores()
        self._build_services(stores)
        self._raise_problems()
        opened = {name: self.ports.transport.open(declared) for name, declared in channels.items()}
        outbound = {name: self._outbound(channel) for name, channel in opened.items()}
        self.stops.update({name: channel.send for name, channel in outbound.items()})
        for handler in self.handlers:
            routes[handler.kind].add(self._endpoint(handler, stores, outbound))
        consumers = {name: self._consumer_of(name, channel) for name, channel in opened.items()}
        return ConfiguredMessagingSystem(self.services, stores, consumers, self.ports)

    def _read(self, cls: type[Any]) -> ClassDefinition:
        if not isinstance(cls, type):
            raise ConfigurationError(f"{cls!r} is no class; classes are read for handlers, objects are dependencies")
        discovery = discover(cls)
        self.problems += discovery.problems
        return discovery.definition

    def _payload_types(self) -> Iterator[type[Any]]:
        for handler in self.handlers:
            if handler.payload is not None:
                yield from routed_types(handler.payload.type)

    def _channels(self) -> dict[str, MessageChannel]:
        """The channels that are declared, and those that handlers name."""
        channels: dict[str, MessageChannel] = {}
        for declared in self.configuration.channels:
            if declared.name in channels:
                self.problems.append(DuplicateChannel(f"two channels are called {declared.name!r}; rename one"))
            channels[declared.name] = declared
        if self.asynchronous:
            for handler in self.handlers:
                for name in handler.channels:
                    if name not in channels:
                        self._undeclared(name, handler, channels)
        return channels

    def _undeclared(self, name: str, handler: HandlerDefinition, channels: dict[str, MessageChannel]) -> None:
        if self.undeclared is not None:
            channels[name] = self.undeclared(name)
            return
        self.problems.append(
            UnknownChannel(
                f"{handler.place} is handled on channel {name!r}, which nobody declared; "
                f"declare Channel({name!r}){nearest(name, list(channels))}"
            )
        )

    def _check(self) -> None:
        self.problems += contradictions(self.handlers)
        claimed: dict[str, HandlerDefinition] = {}
        for handler in self.handlers:
            if handler.explicit_endpoint_id is None:
                continue
            other = claimed.setdefault(handler.explicit_endpoint_id, handler)
            if (other.owner, other.method) != (handler.owner, handler.method):
                self.problems.append(
                    DuplicateEndpointId(
                        f"{other.place} and {handler.place} both have the endpoint id {handler.endpoint_id!r}; "
                        f"messages could not tell them apart, so rename one"
                    )
                )
            if handler.endpoint_id in handler.channels:
                self.problems.append(
                    DuplicateEndpointId(f"{handler.place}: {handler.endpoint_id!r} is its channel; rename the endpoint")
                )

    def _provide_buses(self) -> dict[HandlerKind, Routes]:
        routes = {kind: Routes(kind) for kind in HandlerKind}
        for bus in (CommandBus, EventBus, QueryBus):
            self.services.provide(bus, bus(routes[bus.kind], self.messages, self.handling, self.ports.tracer))
        self.services.provide(Clock, self.ports.clock)
        return routes

    def _aggregate_stores(self) -> dict[type[Any], AggregateStore]:
        repository = InMemoryRepository()
        publish = self.services.get(EventBus).publish
        return {
            cls.cls: AggregateStore(cls.cls, cls.aggregate, repository, publish, self.ports.tracer)
            for cls in self.classes
            if cls.aggregate is not None
        }

    def _build_services(self, stores: Mapping[type[Any], AggregateStore]) -> None:
        """Build what the handlers need, so that what is missing is told now."""
        for cls in self.classes:
            if cls.cls not in stores and cls.handlers:
                self._attempt(partial(self.services.get, cls.cls, asked_by=cls.cls.__name__))
        for handler in self.handlers:
            self._attempt(partial(plan_arguments, handler, self.services))

    def _attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except UnresolvableParameter as problem:
            if str(problem) not in {str(known) for known in self.problems}:
                self.problems.append(problem)

    def _raise_problems(self) -> None:
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            raise SeveralConfigurationErrors(self.problems)

    def _outbound(self, channel: PollableChannel) -> OutboundChannel:
        return OutboundChannel(channel, self.conversion, self.handling, self.ports.tracer)

    def _endpoint(
        self,
        handler: HandlerDefinition,
        stores: Mapping[type[Any], AggregateStore],
        outbound: Mapping[str, OutboundChannel],
    ) -> Endpoint:
        invocation = Invocation(handler, plan_arguments(handler, self.services), self.conversion)
        prepare: Callable[[Message], Message] = _as_it_is
        endpoint: AggregateEndpoint | ServiceEndpoint
        if handler.owner in stores:
            endpoint = AggregateEndpoint(handler, invocation, stores[handler.owner], self.ports.tracer)
            prepare = endpoint.prepared_for_channel
        else:
            endpoint = ServiceEndpoint(handler, invocation, self.services.get(handler.owner), self.ports.tracer)
        if not (handler.channels and self.asynchronous):
            return endpoint
        self.stops[handler.execution] = endpoint.handle
        return AsynchronousEndpoint(handler, [outbound[name] for name in handler.channels], prepare)

    def _consumer_of(self, name: str, channel: PollableChannel) -> Callable[[], PollingConsumer]:
        return lambda: PollingConsumer(
            name, channel, stops=self.stops, handling=self.handling, tracer=self.ports.tracer
        )


def _as_it_is(message: Message) -> Message:
    return message
