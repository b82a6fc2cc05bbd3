"""Two traces of one scenario agree when the same things happened, whatever the ids, times and order of strangers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import pytest

from ecotone_lite import (
    Clock,
    EventBus,
    Header,
    Headers,
    Identifier,
    WithEvents,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
)
from ecotone_lite.kafka import KafkaChannel
from ecotone_testing import Scenario, Service
from ecotone_testing.backends.memory import MemoryBackend
from ecotone_testing.runner import replay
from ecotone_testing.trace.compare import differences
from ecotone_testing.trace.trace import Trace


@dataclass(frozen=True)
class Count:
    counter_id: str
    number: int


@dataclass(frozen=True)
class Counted:
    counter_id: str
    number: int


@aggregate
@dataclass
class Counter(WithEvents):
    counter_id: Annotated[str, Identifier]

    @asynchronous("counts")
    @command_handler(endpoint_id="counter.count")
    def count(self, command: Count) -> None:
        self.record_that(Counted(command.counter_id, command.number))


class Log:
    @event_handler
    def counted(self, event: Counted) -> None: ...


class Twice:
    """Reacts once more than it should."""

    @event_handler
    def counted(self, event: Counted, event_bus: EventBus) -> None:
        event_bus.publish_with_routing_key("again", event.number)


class Failing:
    @asynchronous("failing")
    @command_handler("fail", endpoint_id="fail")
    def fail(self, kind: str) -> None:
        raise {"a": ValueError, "b": KeyError}[kind]("no")


def trace_of(*classes: type, commands: list[Count], partitions: int = 1, seed: int = 0) -> Trace:
    service = Service("counting", classes, channels=[KafkaChannel("counts", partitions=partitions)])
    scenario = Scenario("counting", service).with_state_for(Counter("a")).with_state_for(Counter("b"))
    for command in commands:
        scenario = scenario.send_command(command)
    outcome = replay(scenario.run("counts"), MemoryBackend(), seed=seed)
    assert outcome.passed, str(outcome)
    return outcome.trace


def compared(one: Trace, other: Trace) -> list[str]:
    return differences(one, other, ("one", "other"))


TWO_EACH = [Count("a", 1), Count("b", 1), Count("a", 2), Count("b", 2)]


def test_runs_with_other_ids_agree() -> None:
    assert compared(trace_of(Counter, Log, commands=TWO_EACH), trace_of(Counter, Log, commands=TWO_EACH, seed=5)) == []


def test_the_order_among_keys_is_nobody_s_promise_where_there_are_partitions() -> None:
    orders = {
        tuple(record.message.payload for record in trace.handled(by="counter.count"))
        for trace in (trace_of(Counter, Log, commands=TWO_EACH, partitions=6, seed=seed) for seed in range(6))
    }
    reference = trace_of(Counter, Log, commands=TWO_EACH)
    assert len(orders) > 1
    for seed in range(6):
        assert compared(reference, trace_of(Counter, Log, commands=TWO_EACH, partitions=6, seed=seed)) == []


def test_the_order_within_a_key_is_promised_everywhere() -> None:
    swapped = [Count("a", 2), Count("b", 1), Count("a", 1), Count("b", 2)]
    found = compared(
        trace_of(Counter, Log, commands=TWO_EACH, partitions=6), trace_of(Counter, Log, commands=swapped, partitions=6)
    )
    assert [line for line in found if "for key a" in line] == [
        (
            "order at counter.count from counts for key a: Count(counter_id='a', number=1) came first in one, "
            "Count(counter_id='a', number=2) in other"
        )
    ]
    assert not [line for line in found if "for key b" in line]


def test_the_order_over_all_keys_is_promised_where_there_is_one_line() -> None:
    swapped = [Count("b", 1), Count("a", 1), Count("a", 2), Count("b", 2)]
    found = compared(trace_of(Counter, Log, commands=TWO_EACH), trace_of(Counter, Log, commands=swapped))
    assert found == [
        (
            "order at counter.count from counts: Count(counter_id='a', number=1) came first in one, "
            "Count(counter_id='b', number=1) in other"
        )
    ]


def test_what_happened_more_often_is_told_with_its_numbers() -> None:
    found = compared(trace_of(Counter, Log, commands=TWO_EACH), trace_of(Counter, Log, Twice, commands=TWO_EACH))
    assert any(line.endswith("published in counting: 0 times in one, 1 times in other") for line in found)


@pytest.mark.parametrize(("kind", "agree"), [("a", True), ("b", False)])
def test_failing_otherwise_is_a_difference(kind: str, agree: bool) -> None:
    def failing(kind: str) -> Trace:
        service = Service("failing", [Failing])
        scenario = Scenario("failing", service).send_command_with_routing_key("fail", kind).run("failing")
        return replay(scenario, MemoryBackend()).trace

    assert (compared(failing("a"), failing(kind)) == []) is agree


def test_a_header_that_lost_its_type_shows_in_what_it_causes() -> None:
    class Reporter:
        @command_handler("report")
        def report(self, headers: Headers, event_bus: EventBus) -> None:
            event_bus.publish_with_routing_key("reported", type(headers["number"]).__name__)

    def reporting(number: object) -> Trace:
        scenario = Scenario("reporting", Service("reporting", [Reporter]))
        return replay(
            scenario.send_command_with_routing_key("report", metadata={"number": number}), MemoryBackend()
        ).trace

    assert compared(reporting(1), reporting(2)) == []
    assert compared(reporting(1), reporting("1")) != []


def test_ids_and_times_in_payloads_are_left_out() -> None:
    class Stamping:
        @command_handler("stamp")
        def stamp(self, clock: Clock, own_id: Annotated[str, Header("id")], event_bus: EventBus) -> None:
            event_bus.publish_with_routing_key("stamped", {"at": clock.now(), "id": own_id})

    service = Service("stamping", [Stamping])
    scenario = Scenario("stamping", service).send_command_with_routing_key("stamp")
    traces = [replay(scenario, MemoryBackend(), seed=seed).trace for seed in (1, 2)]
    assert traces[0].published()[0].message.payload != traces[1].published()[0].message.payload
    assert traces[0].published()[0].message.payload["at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert compared(*traces) == []
