"""What contradicts itself is told at bootstrap: the class, the method, and the mend; all of it at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import pytest

from ecotone_lite import (
    Channel,
    EcotoneLite,
    Identifier,
    QueueChannel,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
    query_handler,
)
from ecotone_lite.discovery import discover
from ecotone_lite.errors import (
    ConfigurationError,
    DuplicateChannel,
    DuplicateEndpointId,
    DuplicateHandler,
    EndpointIdMissing,
    InvalidAggregate,
    InvalidHandler,
    MisplacedDecorator,
    SeveralConfigurationErrors,
    UnknownChannel,
    UnresolvableParameter,
)

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True)
class Place:
    order_id: str


@dataclass(frozen=True)
class Placed:
    order_id: str


def told(error: type[ConfigurationError], text: str, *classes: type[Any], **options: Any) -> None:
    with pytest.raises(error, match=f"^{re.escape(text)}$") as raised:
        EcotoneLite.bootstrap_flow_testing(classes, **options)
    assert type(raised.value) is error


def test_a_private_handler() -> None:
    class Orders:
        @command_handler
        def _place(self, command: Place) -> None: ...

    told(InvalidHandler, "Orders._place: a handler is public; take the underscore away", Orders)


def test_a_static_handler() -> None:
    class Orders:
        @staticmethod
        @command_handler("place")
        def place(command: Place) -> None: ...

    told(InvalidHandler, "Orders.place: a handler is a method, or a @classmethod of an aggregate", Orders)


def test_a_factory_outside_an_aggregate() -> None:
    class Orders:
        @command_handler
        @classmethod
        def place(cls, command: Place) -> None: ...

    told(InvalidHandler, "Orders.place: a @classmethod creates an aggregate; mark the class @aggregate", Orders)


@command_handler
def without_payload(self: object) -> None: ...
@command_handler
def with_text(self: object, text: str) -> None: ...
@command_handler
def with_list(self: object, lines: list[str]) -> None: ...
@command_handler
def with_anything(self: object, command: Any) -> None: ...
@command_handler
def without_annotation(self, command): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201


@pytest.mark.parametrize(
    "handle", [without_payload, with_text, with_list, with_anything, without_annotation], ids=lambda each: each.__name__
)
def test_a_handler_that_nothing_reaches(handle: Callable[..., Any]) -> None:
    told(
        InvalidHandler,
        "Orders.place: no command can reach it; annotate its first parameter with the command's class, "
        'or give a routing key: @command_handler("...")',
        type("Orders", (), {"place": handle}),
    )


def test_an_asynchronous_handler_without_an_endpoint_id() -> None:
    class Orders:
        @asynchronous("orders")
        @event_handler
        def placed(self, event: Placed) -> None: ...

    told(
        EndpointIdMissing,
        "Orders.placed: messages on 'orders' find their handler by its endpoint id; "
        'write @event_handler(endpoint_id="...")',
        Orders,
    )


def test_asynchronous_where_nothing_is_handled() -> None:
    class Orders:
        @asynchronous("orders")
        def place(self, command: Place) -> None: ...

    told(
        MisplacedDecorator,
        "Orders.place: @asynchronous is for handlers; add @command_handler or @event_handler",
        Orders,
    )


def test_an_asynchronous_query() -> None:
    class Orders:
        @asynchronous("orders")
        @query_handler("order", endpoint_id="order")
        def order(self) -> int:
            return 7

    told(MisplacedDecorator, "Orders.order: a query is answered at once; take @asynchronous away", Orders)


def test_a_handler_mark_on_a_class() -> None:
    @command_handler
    class Orders:
        def place(self, command: Place) -> None: ...

    told(MisplacedDecorator, "Orders: @command_handler is for methods; put it on one", Orders)


@pytest.mark.parametrize(("channel", "endpoint_id"), [("a,b", "place"), ("orders", "place,now")])
def test_a_comma_in_a_name_that_stands_on_a_routing_slip(channel: str, endpoint_id: str) -> None:
    class Orders:
        @asynchronous(channel)
        @command_handler(endpoint_id=endpoint_id)
        def place(self, command: Place) -> None: ...

    wrong = channel if "," in channel else endpoint_id
    told(InvalidHandler, f"Orders.place: {wrong!r} has a comma, which separates names on a routing slip", Orders)


def test_an_aggregate_without_an_identifier() -> None:
    @aggregate
    @dataclass
    class Order:
        order_id: str

    told(
        InvalidAggregate,
        "Order: an aggregate is found by its identifier; mark one: order_id: Annotated[str, Identifier]",
        Order,
    )


def test_an_annotation_that_cannot_be_found() -> None:
    class Orders:
        @command_handler("place")
        def place(self, command: Place, price: "Decimal") -> None: ...

    told(
        UnresolvableParameter,
        "Orders.place: the annotation of 'price' names 'Decimal', which cannot be found from here; "
        "define it at module level, or do not write the annotation as text",
        Orders,
    )


def test_an_annotation_of_an_attribute_that_cannot_be_found() -> None:
    @aggregate
    @dataclass
    class Order:
        order_id: Annotated[str, Identifier]
        price: "Decimal"

    told(
        UnresolvableParameter,
        "Order: the annotation of 'price' names 'Decimal', which cannot be found from here; "
        "define it at module level, or do not write the annotation as text",
        Order,
    )


def test_two_handlers_for_one_command() -> None:
    class Orders:
        @command_handler
        def place(self, command: Place) -> None: ...

    class Shop:
        @command_handler
        def place(self, command: Place) -> None: ...

    told(
        DuplicateHandler,
        "command Place has 2 handlers: Orders.place, Shop.place; keep one, or give them routing keys",
        Orders,
        Shop,
    )


def test_two_answers_to_one_query_key() -> None:
    class Orders:
        @query_handler("order")
        def one(self) -> int:
            return 1

        @query_handler("order")
        def two(self) -> int:
            return 2

    told(
        DuplicateHandler,
        "query order has 2 handlers: Orders.one, Orders.two; keep one, or give them routing keys",
        Orders,
    )


def listener(name: str, endpoint_id: str = "listen") -> type[Any]:
    class Listener:
        @asynchronous("orders")
        @event_handler(endpoint_id=endpoint_id)
        def placed(self, event: Placed) -> None: ...

    Listener.__name__ = name
    return Listener


@pytest.mark.parametrize("names", [("Mail", "Stock"), ("Mail", "Mail")], ids=["two classes", "two of one name"])
def test_two_endpoints_with_one_id(names: tuple[str, str]) -> None:
    one, other = names
    told(
        DuplicateEndpointId,
        f"{one}.placed and {other}.placed both have the endpoint id 'listen'; "
        "messages could not tell them apart, so rename one",
        listener(one),
        listener(other),
    )


def test_an_endpoint_called_like_its_channel() -> None:
    told(
        DuplicateEndpointId,
        "Mail.placed: 'orders' is its channel; rename the endpoint",
        listener("Mail", endpoint_id="orders"),
    )


def test_two_channels_with_one_name() -> None:
    told(
        DuplicateChannel,
        "two channels are called 'orders'; rename one",
        listener("Mail"),
        enable_asynchronous_processing=[Channel("orders"), QueueChannel("orders")],
    )


def test_a_channel_that_nobody_declared() -> None:
    told(
        UnknownChannel,
        "Mail.placed is handled on channel 'orders', which nobody declared; "
        "declare Channel('orders'); did you mean 'order'?",
        listener("Mail"),
        enable_asynchronous_processing=[Channel("order")],
    )


def test_an_object_where_a_class_belongs() -> None:
    instance = object()
    told(
        ConfigurationError,
        f"{instance!r} is no class; classes are read for handlers, objects are dependencies",
        instance,  # type: ignore[arg-type]
    )


def test_everything_that_is_wrong_is_told_at_once() -> None:
    class Orders:
        @command_handler
        def _place(self, command: Place) -> None: ...

        @asynchronous("orders")
        @event_handler
        def placed(self, event: Placed) -> None: ...

        @query_handler("order")
        def order(self, database: int) -> int:
            return 7

        @query_handler("order")
        def again(self, key: str, database: int) -> int:
            return 7

    with pytest.raises(SeveralConfigurationErrors, match=r"(?s)^4 things are wrong.*1\. .*4\. ") as raised:
        EcotoneLite.bootstrap_flow_testing([Orders])
    assert [type(error) for error in raised.value.errors] == [
        InvalidHandler,
        EndpointIdMissing,
        DuplicateHandler,
        UnresolvableParameter,
    ]


def test_a_class_is_read_once() -> None:
    assert discover(Placed) is discover(Placed)


def test_a_class_given_twice_is_one() -> None:
    class Orders:
        count = 0

        @event_handler
        def placed(self, event: Placed) -> None:
            self.count += 1

    flow = EcotoneLite.bootstrap_flow_testing([Orders, Orders]).publish_event(Placed("o1"))
    assert flow.get_instance(Orders).count == 1


def test_a_class_without_handlers_is_no_contradiction() -> None:
    class Nothing:
        def __init__(self, price: int) -> None: ...

    assert EcotoneLite.bootstrap_flow_testing([Nothing]).list() == []


def test_identifiers_are_inherited_by_an_aggregate() -> None:
    @dataclass
    class Identified:
        order_id: Annotated[str, Identifier]

    @aggregate
    @dataclass
    class Order(Identified):
        @command_handler
        @classmethod
        def place(cls, command: Place) -> Self:
            return cls(command.order_id)

    flow = EcotoneLite.bootstrap_flow_testing([Order]).send_command(Place("o1"))
    assert flow.get_aggregate(Order, "o1") == Order("o1")
