"""Who sends while handling hands on the user's headers, the correlation and its own id; over any number of hops."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

import pytest

from ecotone_lite import (
    CommandBus,
    EcotoneLite,
    EventBus,
    Header,
    Headers,
    Identifier,
    QueryBus,
    WithEvents,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
    query_handler,
)
from ecotone_lite.errors import IdentifierMissing
from ecotone_testing import FlowTestSupport


@dataclass(frozen=True)
class Start:
    name: str = "x"


@dataclass(frozen=True)
class Started:
    name: str


@dataclass(frozen=True)
class Continued:
    name: str


class Beginning:
    @command_handler
    def start(self, command: Start, event_bus: EventBus) -> None:
        event_bus.publish(Started(command.name))


class Middle:
    @asynchronous("middle")
    @event_handler(endpoint_id="middle.started")
    def started(self, event: Started, event_bus: EventBus) -> None:
        event_bus.publish(Continued(event.name))


class End:
    @asynchronous("end")
    @event_handler(endpoint_id="end.continued")
    def continued(self, event: Continued, headers: Headers) -> None:
        self.headers = headers


def three_hops(metadata: Mapping[str, object]) -> FlowTestSupport:
    flow = EcotoneLite.bootstrap_flow_testing([Beginning, Middle, End], enable_asynchronous_processing=True)
    return flow.send_command(Start(), metadata=metadata).run("middle").run("end")


def test_user_headers_and_the_correlation_reach_the_end_of_the_flow() -> None:
    flow = three_hops({"id": "m1", "correlationId": "c1", "user": "ann", "roles": ["a", "b"], "age": 7})
    headers = flow.get_instance(End).headers

    assert headers["correlationId"] == "c1"
    assert (headers["user"], headers["roles"], headers["age"]) == ("ann", ["a", "b"], 7)


def test_each_message_names_the_one_before_as_its_parent() -> None:
    flow = three_hops({"id": "m1"})
    started, continued = flow.trace.published()

    assert started.caused_by == "m1"
    assert continued.caused_by == started.message_id
    assert flow.get_instance(End).headers["id"] == continued.message_id
    assert len({"m1", started.message_id, continued.message_id}) == 3


def test_what_belongs_to_one_message_does_not_travel() -> None:
    flow = three_hops({"aggregate.id": "a1", "priority": 3, "timeToLive": 5_000, "contentType": "application/json"})
    for headers in flow.get_recorded_event_headers():
        assert not {"aggregate.id", "priority", "timeToLive", "contentType", "routingSlip"} & headers.keys()


def test_a_routing_slip_in_metadata_is_ignored_on_every_bus() -> None:
    class Nowhere:
        @query_handler("ask")
        def ask(self, headers: Headers) -> bool:
            return "routingSlip" in headers

    flow = EcotoneLite.bootstrap_flow_testing([Beginning, Nowhere])
    slip = {"routingSlip": "end.continued.target.execute"}
    flow.send_command(Start(), metadata=slip).publish_event(Started("x"), metadata=slip)

    assert flow.send_query_with_routing_key("ask", metadata=slip) is False
    assert not [record for record in flow.trace if "routingSlip" in record.message.headers]


def test_metadata_of_the_nested_message_wins() -> None:
    class Overriding:
        @event_handler
        def started(self, event: Started, event_bus: EventBus) -> None:
            event_bus.publish(Continued(event.name), {"user": "bob", "tenant": None, "correlationId": "mine"})

    flow = EcotoneLite.bootstrap_flow_testing([Beginning, Overriding])
    flow.send_command(Start(), metadata={"user": "ann", "tenant": "t", "correlationId": "c1"})

    _, continued = flow.get_recorded_event_headers()
    assert (continued["user"], continued["correlationId"]) == ("bob", "c1")
    assert "tenant" not in continued


def test_queries_continue_the_flow_too() -> None:
    class Asking:
        @command_handler
        def start(self, command: Start, query_bus: QueryBus) -> object:
            return query_bus.send_with_routing_key("who", command.name)

        @query_handler("who")
        def who(self, user: Annotated[str, Header("user")]) -> str:
            return user

    flow = EcotoneLite.bootstrap_flow_testing([Asking])
    assert flow.get_gateway(CommandBus).send(Start(), {"user": "ann"}) == "ann"


def test_headers_of_a_failed_message_do_not_leak_into_the_next() -> None:
    class Failing:
        @command_handler
        def start(self, command: Start, event_bus: EventBus) -> None:
            event_bus.publish(Started(command.name))
            if command.name == "bad":
                raise ValueError(command.name)

    flow = EcotoneLite.bootstrap_flow_testing([Failing])
    with pytest.raises(ValueError, match="bad"):
        flow.send_command(Start("bad"), metadata={"user": "ann"})
    flow.send_command(Start("good"))

    with_user, without = flow.get_recorded_event_headers()
    assert with_user["user"] == "ann"
    assert "user" not in without
    assert with_user["correlationId"] != without["correlationId"]


def test_after_a_nested_message_failed_the_outer_one_is_the_cause_again() -> None:
    class Catching:
        @command_handler
        def start(self, command: Start, command_bus: CommandBus, event_bus: EventBus) -> None:
            with pytest.raises(ValueError, match="inner"):
                command_bus.send_with_routing_key("inner", metadata={"user": "inner"})
            event_bus.publish(Started(command.name))

        @command_handler("inner")
        def inner(self) -> None:
            raise ValueError("inner")

    flow = EcotoneLite.bootstrap_flow_testing([Catching])
    flow.send_command(Start(), metadata={"id": "m1", "user": "outer"})

    [headers] = flow.get_recorded_event_headers()
    assert (headers["parentId"], headers["user"]) == ("m1", "outer")


def test_siblings_have_one_parent() -> None:
    class Twice:
        @command_handler
        def start(self, command: Start, event_bus: EventBus) -> None:
            event_bus.publish(Started(command.name))
            event_bus.publish(Continued(command.name))

    flow = EcotoneLite.bootstrap_flow_testing([Twice]).send_command(Start(), metadata={"id": "m1"})
    assert [headers["parentId"] for headers in flow.get_recorded_event_headers()] == ["m1", "m1"]


def test_what_the_test_sends_one_after_the_other_are_flows_of_their_own() -> None:
    flow = EcotoneLite.bootstrap_flow_testing([Beginning]).send_command(Start()).send_command(Start())
    one, other = flow.get_recorded_event_headers()
    assert one["correlationId"] != other["correlationId"]


def test_two_applications_in_one_thread_do_not_mix_their_flows() -> None:
    other = EcotoneLite.bootstrap_flow_testing([Beginning])

    class Calling:
        @command_handler("call")
        def call(self) -> None:
            other.send_command(Start())

    EcotoneLite.bootstrap_flow_testing([Calling]).send_command_with_routing_key("call", metadata={"user": "ann"})
    [headers] = other.get_recorded_event_headers()
    assert "user" not in headers


@aggregate
@dataclass
class Box(WithEvents):
    box_id: Annotated[str, Identifier]
    seen: tuple[str, ...] = ()

    @command_handler("box.make")
    @classmethod
    def make(cls, box_id: str) -> Self:
        box = cls(box_id)
        box.record_that(Started(box_id))
        return box

    @asynchronous("boxes")
    @command_handler("box.fill", endpoint_id="box.fill")
    def fill(self, product: str, headers: Headers, command_bus: CommandBus) -> None:
        self.seen = (*self.seen, product)
        command_bus.send_with_routing_key("crate.fill", product, headers)


@aggregate
@dataclass
class Crate:
    box_id: Annotated[str, Identifier]
    seen: tuple[str, ...] = ()

    @command_handler("crate.fill")
    def fill(self, product: str) -> None:
        self.seen = (*self.seen, product)


def test_events_of_an_aggregate_carry_the_user_headers_and_not_the_override() -> None:
    flow = EcotoneLite.bootstrap_flow_testing([Box])
    flow.send_command_with_routing_key("box.make", "b1", metadata={"id": "m1", "user": "ann", "aggregate.id": "b9"})

    [headers] = flow.get_recorded_event_headers()
    assert (headers["user"], headers["parentId"], headers["_aggregate_id"]) == ("ann", "m1", "b1")
    assert "aggregate.id" not in headers


def test_an_aggregate_that_was_found_is_nobody_else_s_even_when_all_headers_are_forwarded() -> None:
    flow = EcotoneLite.bootstrap_flow_testing([Box, Crate], enable_asynchronous_processing=True)
    flow.with_state_for(Box("b1")).with_state_for(Crate("b1")).with_state_for(Crate("c1"))
    flow.send_command_with_routing_key("box.fill", "milk", metadata={"aggregate.id": "b1"})

    with pytest.raises(IdentifierMissing, match="Crate: str has no 'box_id'"):
        flow.run("boxes")


def test_forwarded_headers_do_not_bring_the_routing_key_along() -> None:
    class Forwarding:
        @command_handler("first")
        def first(self, headers: Headers, event_bus: EventBus) -> None:
            event_bus.publish(Started("x"), headers)

    flow = EcotoneLite.bootstrap_flow_testing([Forwarding]).send_command_with_routing_key("first")
    [published] = flow.trace.published()
    assert published.routing_key is None
