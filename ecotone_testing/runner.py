"""Interprets steps against one backend: a step at a time for a flow, all of them for a scenario."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from ecotone_lite import (
    Channel,
    ConfiguredMessagingSystem,
    ExecutionPollingMetadata,
    MessageChannel,
    ServiceConfiguration,
)
from ecotone_lite.application import Dependencies, Ports, build
from ecotone_lite.clock import Deadline, Stopwatch
from ecotone_lite.endpoints.polling import PollingConsumer, RunLimits
from ecotone_lite.errors import EcotoneError
from ecotone_lite.tracing import Happening
from ecotone_testing.backends.backend import START, Backend, Unsupported, World, missing_capabilities
from ecotone_testing.expectations import unmet
from ecotone_testing.flow import FlowTestSupport
from ecotone_testing.outcome import ExpectationFailed, Failure, Outcome, Status, page
from ecotone_testing.scenario import Scenario, Service
from ecotone_testing.trace.compare import differences
from ecotone_testing.trace.record import TraceRecord
from ecotone_testing.trace.trace import Trace

__all__ = ["Undelivered", "bootstrap_flow", "replay"]

_UNTIL_ALL_IS_SETTLED = ExecutionPollingMetadata(stop_on_error=True, finish_when_no_messages=True)
_MOST_MESSAGES_OF_A_RUN = 100_000


class Undelivered(EcotoneError):
    """Deliveries were promised to an endpoint, and nobody received them in time; the message names them."""


class ServiceUnderTest:
    """One service in a world: the stage where steps are performed."""

    def __init__(self, name: str, system: ConfiguredMessagingSystem, trace: Trace, world: World) -> None:
        self.name = name
        self.system = system
        self.trace = trace
        self._world = world
        self._consumers: dict[str, list[PollingConsumer]] = {}
        self._read: dict[Happening, int] = {}

    def run(self, endpoint_id: str, metadata: ExecutionPollingMetadata | None, consumers: int) -> None:
        """Handle what is promised to the endpoint; the world's schedule chooses which consumer moves next."""
        limited = (metadata or _UNTIL_ALL_IS_SETTLED).over(_UNTIL_ALL_IS_SETTLED)
        limits = RunLimits(limited, self._world.clock)
        workers = self._workers(endpoint_id, consumers)
        try:
            for _ in range(_MOST_MESSAGES_OF_A_RUN):
                if limits.reached or not self.trace.outstanding(endpoint_id):
                    return
                self._handle_one(endpoint_id, workers, stop_on_error=bool(limited.stop_on_error))
                limits.count()
        finally:
            for worker in workers:
                worker.pause()
        raise EcotoneError(
            page(f"{endpoint_id} never ends: {_MOST_MESSAGES_OF_A_RUN} messages in one run", (), self.trace)
        )

    def check(self, expectations: Sequence[Any]) -> None:
        """Raises ExpectationFailed for the first that is not true."""
        for expectation, seen in unmet(expectations, self):
            raise ExpectationFailed(f"expected {expectation}; {seen}", expectation.matters(self.trace), self.trace)

    def recorded(self, happening: Happening) -> list[TraceRecord]:
        """What happened on this service's buses since this was last asked."""
        since = self._read.get(happening, 0)
        self._read[happening] = len(self.trace)
        return [record for record in self.trace[since:] if record.happening is happening and self._is_own(record)]

    def discard_recorded_messages(self) -> None:
        self._read = dict.fromkeys((Happening.PUBLISHED, Happening.SENT), len(self.trace))

    def now(self) -> datetime:
        return self._world.clock.now()

    def physical_name(self, name: str) -> str:
        return self._world.physical_name(name)

    def close(self) -> None:
        for workers in self._consumers.values():
            for worker in workers:
                worker.close()
        self._consumers.clear()

    def _is_own(self, record: TraceRecord) -> bool:
        return record.service == self.name and record.channel is None

    def _workers(self, endpoint_id: str, count: int) -> list[PollingConsumer]:
        """So many consumers as the channel has partitions for; new ones have agreed on their shares."""
        workers = self._consumers.setdefault(endpoint_id, [])
        missing = count - len(workers) if workers else 1
        while missing > 0:
            workers.append(self.system.consumer(endpoint_id))
            missing = min(count, workers[0].partitions) - len(workers)
        self._gather(endpoint_id, workers)
        return workers

    def _gather(self, endpoint_id: str, workers: Sequence[PollingConsumer]) -> None:
        deadline = Deadline.after(self._world.patience_seconds)
        while waiting := [worker for worker in workers if not worker.join(self._world.poll_seconds)]:
            if deadline.expired:
                where = f"{len(waiting)} of {len(workers)} on {self._world.backend}"
                raise Undelivered(f"the consumers of {endpoint_id} did not agree on their shares: {where}")

    def _handle_one(self, endpoint_id: str, workers: Sequence[PollingConsumer], *, stop_on_error: bool) -> None:
        """Let the workers try, in an order that the schedule chooses, until one had a message.

        The first time they only look at what is there already, so that none waits while another has work.
        """
        deadline = Deadline.after(self._world.patience_seconds)
        timeout = 0.0
        while True:
            idle = list(workers)
            while idle:
                worker = self._world.schedule.choose(idle)
                if worker.poll(timeout=timeout, stop_on_error=stop_on_error):
                    return
                idle.remove(worker)
            if deadline.expired:
                raise Undelivered(self._what_is_missing(endpoint_id))
            timeout = self._world.poll_seconds

    def _what_is_missing(self, endpoint_id: str) -> str:
        missing = [record for record in self.trace.in_flight() if record.channel == endpoint_id]
        waited = f" within {self._world.patience_seconds:g} s" if self._world.patience_seconds else ""
        where = f"{self._world.backend}{waited}"
        return page(
            f"{len(missing)} deliveries promised to {endpoint_id} did not arrive on {where}", missing, self.trace
        )


def bootstrap_flow(
    backend: Backend,
    classes: Sequence[type[Any]],
    dependencies: Dependencies = (),
    *,
    configuration: ServiceConfiguration,
    enable_asynchronous_processing: bool | Sequence[MessageChannel] = False,
    starting_at: datetime | None = None,
    seed: int = 0,
    keep_open: ExitStack | None = None,
) -> FlowTestSupport:
    """A flow on a backend; `keep_open` closes it in the end. Raises ConfigurationError, Unsupported."""
    asked = enable_asynchronous_processing
    channels = () if isinstance(asked, bool) else tuple(asked)
    if not isinstance(asked, bool) and not channels:
        raise ValueError("enable_asynchronous_processing is an empty list; list the channels, or say True")
    configuration = configuration.with_extension_objects(*channels)
    lacking = backend.missing_for(configuration.channels)
    if lacking:
        raise Unsupported(backend.name, lacking)
    with ExitStack() as opened:
        world = opened.enter_context(closing(backend.open(seed, starting_at or START)))
        trace = Trace()
        system = build(
            classes,
            dependencies,
            configuration,
            _ports(configuration.service_name, trace, world),
            asynchronous=bool(asked) or bool(configuration.channels),
            undeclared=Channel if asked is True else None,
        )
        service = ServiceUnderTest(configuration.service_name, system, trace, world)
        opened.callback(service.close)
        kept = opened.pop_all()
        if keep_open is not None:
            keep_open.push(kept)
    return FlowTestSupport(service)


def replay(
    scenario: Scenario, backend: Backend, *, seed: int = 0, replay_line: str = "", reference: Backend | None = None
) -> Outcome:
    """Run all steps of a scenario on a backend, up to the first that fails.

    With a `reference`, one that passed is run there too, and the two traces are compared.
    """
    outcome = _replayed(scenario, backend, seed, replay_line)
    if reference is None or reference.name == backend.name or not outcome.passed:
        return outcome
    expected = _replayed(scenario, reference, seed, replay_line)
    found = tuple(differences(expected.trace, outcome.trace, (reference.name, backend.name)))
    return replace(outcome, status=Status.DIFFERENT if found else Status.PASSED, agrees=not found, differences=found)


def _replayed(scenario: Scenario, backend: Backend, seed: int, replay_line: str) -> Outcome:
    lacking = _lacking(scenario, backend)
    ended = partial(Outcome, scenario.name, backend.name, seed, replay=replay_line)
    if lacking:
        return ended(Status.UNSUPPORTED, missing=lacking)
    trace = Trace()
    stopwatch = Stopwatch()
    with closing(backend.open(seed, START)) as world:
        failure = _perform(scenario, world, trace)
    status = Status.FAILED if failure else Status.PASSED
    return ended(status, trace=trace, seconds=stopwatch.seconds(), failure=failure)


def _lacking(scenario: Scenario, backend: Backend) -> tuple[str, ...]:
    channels = [channel for service in scenario.services for channel in service.full_configuration.channels]
    return tuple(dict.fromkeys((*missing_capabilities(backend, scenario.needs), *backend.missing_for(channels))))


def _perform(scenario: Scenario, world: World, trace: Trace) -> Failure | None:
    at = "its configuration"
    with ExitStack() as opened:
        try:
            services = {service.name: _service(service, world, trace) for service in scenario.services}
            for service_under_test in services.values():
                opened.callback(service_under_test.close)
            for number, (service, step) in enumerate(scenario.steps, start=1):
                at = f"step {number}: {step}"
                step.perform(services[service])
        except ExpectationFailed as failed:
            return Failure(at, failed.sentence, failed.matters)
        except Exception as error:  # noqa: BLE001 - it is what the outcome tells
            return Failure(at, f"{type(error).__name__}: {error}", _story_of(error, trace))
    return None


def _story_of(error: Exception, trace: Trace) -> Sequence[TraceRecord]:
    """What happened to the message that an error was raised on; nothing when it was no handler's."""
    raised_on = [record for record in trace.failed() if record.error is error]
    return trace.story(raised_on[0]) if raised_on else ()


def _service(service: Service, world: World, trace: Trace) -> ServiceUnderTest:
    system = build(
        service.classes,
        [make() for make in service.dependencies],
        service.full_configuration,
        _ports(service.name, trace, world),
        undeclared=Channel,
    )
    return ServiceUnderTest(service.name, system, trace, world)


def _ports(service: str, trace: Trace, world: World) -> Ports:
    return Ports(world.clock, world.ids, world.transport, trace.tracer(service))
