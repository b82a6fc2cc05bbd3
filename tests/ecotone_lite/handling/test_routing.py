"""Commands and queries reach exactly one handler; events all that take their class, what it inherits, or their name."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

import pytest

from ecotone_lite import (
    CommandBus,
    EcotoneLite,
    Identifier,
    QueryBus,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
    query_handler,
)
from ecotone_lite.errors import DuplicateHandler, HandlerNotFound
from ecotone_testing import FlowTestSupport


class Priced(Protocol):
    price: int


class Sale(ABC):
    """What is sold."""


@dataclass(frozen=True)
class Sold(Sale, Priced):
    price: int


@dataclass(frozen=True)
class SoldAbroad(Sold):
    country: str


@dataclass(frozen=True)
class Returned:
    price: int


@dataclass
class Calls:
    """What the handlers of a test have seen, in order."""

    seen: list[str] = field(default_factory=list)


def told_to(*classes: type[Any], event: object) -> list[str]:
    flow = EcotoneLite.bootstrap_flow_testing(classes, dependencies=[calls := Calls()])
    flow.publish_event(event)
    return calls.seen


def listening_to(annotation: Any, name: str = "Listener") -> type[Any]:
    class Listener:
        @event_handler
        def on(self, event: annotation, calls: Calls) -> None:
            calls.seen.append(name)

    return Listener


@pytest.mark.parametrize("annotation", [Sold, Sale, Priced, Sold | Returned, object, Sold | None])
def test_an_event_reaches_handlers_of_its_class_and_of_all_that_it_inherits(annotation: Any) -> None:
    assert told_to(listening_to(annotation), event=Sold(3)) == ["Listener"]


@pytest.mark.parametrize("annotation", [Returned, SoldAbroad, Returned | SoldAbroad])
def test_an_event_does_not_reach_handlers_of_other_classes(annotation: Any) -> None:
    assert told_to(listening_to(annotation), event=Sold(3)) == []


def test_a_union_reaches_its_handler_once_though_several_members_fit() -> None:
    assert told_to(listening_to(Sold | Sale | SoldAbroad | object), event=SoldAbroad(3, "NL")) == ["Listener"]


def test_an_event_may_have_no_handler_at_all() -> None:
    assert told_to(event=Sold(3)) == []


def test_handlers_run_in_the_order_given_and_written_and_those_for_any_object_last() -> None:
    class Two:
        @event_handler
        def b(self, event: Sale, calls: Calls) -> None:
            calls.seen.append("Two.b")

        @event_handler
        def a(self, event: Sold, calls: Calls) -> None:
            calls.seen.append("Two.a")

    classes = [listening_to(object, "any"), listening_to(Sale, "one"), Two, listening_to(Sold, "three")]
    assert told_to(*classes, event=Sold(3)) == ["one", "Two.b", "Two.a", "three", "any"]


def test_the_first_handler_that_fails_ends_the_event() -> None:
    class Failing:
        @event_handler
        def on(self, event: Sold) -> None:
            raise ValueError("full")

    flow = EcotoneLite.bootstrap_flow_testing(
        [listening_to(Sold, "before"), Failing, listening_to(Sold, "after")], dependencies=[calls := Calls()]
    )
    with pytest.raises(ValueError, match="full"):
        flow.publish_event(Sold(3))
    assert calls.seen == ["before"]


class Shop:
    @command_handler
    def sell(self, command: Sale) -> str:
        return f"sold {command}"

    @command_handler("return")
    def give_back(self, command: Returned) -> str:
        return f"returned {command.price}"

    @query_handler
    def price(self, query: Priced) -> int:
        return query.price

    @query_handler("closed")
    def closed(self) -> None: ...


def shop() -> FlowTestSupport:
    return EcotoneLite.bootstrap_flow_testing([Shop])


def test_a_command_reaches_the_handler_of_what_it_inherits() -> None:
    assert shop().get_gateway(CommandBus).send(SoldAbroad(3, "NL")) == "sold SoldAbroad(price=3, country='NL')"


def test_a_query_reaches_the_handler_of_a_protocol_that_it_inherits() -> None:
    assert shop().get_gateway(QueryBus).send(Sold(3)) == 3


def test_a_handler_with_a_key_is_reached_by_the_key_alone() -> None:
    bus = shop().get_gateway(CommandBus)
    assert bus.send_with_routing_key("return", Returned(3)) == "returned 3"
    with pytest.raises(HandlerNotFound, match="no command handler answers to 'Returned'"):
        bus.send(Returned(3))


def test_a_handler_of_a_class_is_not_reached_by_a_key() -> None:
    with pytest.raises(HandlerNotFound, match="'sell'"):
        shop().send_command_with_routing_key("sell", Sold(3))


def test_what_a_key_brings_is_converted_to_the_payload_s_type() -> None:
    assert shop().get_gateway(CommandBus).send_with_routing_key("return", {"price": "3"}) == "returned 3"


def test_a_handler_without_a_payload_is_reached_with_anything() -> None:
    assert shop().send_query_with_routing_key("closed") is None
    assert shop().send_query_with_routing_key("closed", {"any": "thing"}) is None


def test_queries_and_commands_have_keys_of_their_own() -> None:
    with pytest.raises(HandlerNotFound, match="no query handler answers to 'return'"):
        shop().send_query_with_routing_key("return", Returned(3))


@pytest.mark.parametrize(("key", "meant"), [("retrun", "'return'"), ("Sal", "'Sale'")])
def test_a_key_that_nobody_answers_to_is_told_with_the_nearest(key: str, meant: str) -> None:
    with pytest.raises(HandlerNotFound, match=f"did you mean {meant}"):
        shop().send_command_with_routing_key(key)


def test_a_command_that_two_parents_answer_to_is_told_when_it_is_sent() -> None:
    class Other:
        @command_handler
        def sell(self, command: Priced) -> None: ...

    flow = EcotoneLite.bootstrap_flow_testing([Shop, Other])
    with pytest.raises(DuplicateHandler, match=r"command Sold reaches Shop\.sell, Other\.sell; it needs exactly one"):
        flow.send_command(Sold(3))


def test_an_exact_handler_and_one_for_any_object_are_two() -> None:
    class Everything:
        @command_handler
        def take(self, command: object) -> None: ...

    flow = EcotoneLite.bootstrap_flow_testing([Shop, Everything])
    with pytest.raises(DuplicateHandler, match=r"Shop\.sell, Everything\.take"):
        flow.send_command(Sold(3))
    assert flow.send_command(Returned(3)).trace.handled(Returned)[0].endpoint == "Everything.take"


def names_heard(key: str, event: object = None) -> Sequence[str]:
    class ByName:
        @event_handler("sold")
        def on(self, event: Sold | None, calls: Calls) -> None:
            calls.seen.append(f"by name: {event}")

    flow = EcotoneLite.bootstrap_flow_testing([ByName, listening_to(object)], dependencies=[calls := Calls()])
    flow.publish_event_with_routing_key(key, event)
    return calls.seen


def test_an_event_published_by_name_reaches_those_who_listen_to_the_name_alone() -> None:
    assert names_heard("sold", Sold(3)) == ["by name: Sold(price=3)"]
    assert names_heard("sold", {"price": 3}) == ["by name: Sold(price=3)"]
    assert names_heard("sold") == ["by name: None"]
    assert names_heard("bought") == []


def test_an_aggregate_may_take_a_union() -> None:
    @aggregate
    @dataclass
    class Till:
        price: Annotated[int, Identifier]
        seen: int = 0

        @command_handler
        def take(self, command: Sold | Returned) -> None:
            self.seen += 1

    flow = EcotoneLite.bootstrap_flow_testing([Till]).with_state_for(Till(3))
    flow.send_command(Sold(3)).send_command(Returned(3))
    assert flow.get_aggregate(Till, 3).seen == 2


@pytest.mark.parametrize("annotation", [Sale, Sold | Returned, object])
def test_a_subclass_keeps_its_own_fields_over_a_channel_where_a_handler_names_it(annotation: Any) -> None:
    class Later:
        @asynchronous("later")
        @event_handler(endpoint_id="later.on")
        def on(self, event: annotation, calls: Calls) -> None:
            calls.seen.append(repr(event))

    flow = EcotoneLite.bootstrap_flow_testing(
        [Later, listening_to(SoldAbroad)], dependencies=[calls := Calls()], enable_asynchronous_processing=True
    )
    flow.publish_event(SoldAbroad(3, "NL")).run("later")
    assert calls.seen == ["Listener", "SoldAbroad(price=3, country='NL')"]
