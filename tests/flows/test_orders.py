"""Flows that follow the backend of the run: the same on every one."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Self

import pytest

from ecotone_lite import (
    Channel,
    EventBus,
    ExecutionPollingMetadata,
    Header,
    Headers,
    Identifier,
    WithEvents,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
)
from ecotone_testing import Ecotone, handled, sent


@dataclass(frozen=True)
class PlaceOrder:
    order_id: str
    price: Decimal


@dataclass(frozen=True)
class OrderWasPlaced:
    order_id: str
    price: Decimal


class Checkout:
    @command_handler
    def place(self, command: PlaceOrder, event_bus: EventBus) -> None:
        event_bus.publish(OrderWasPlaced(command.order_id, command.price))


@dataclass
class Invoices:
    failures_left: int = 0
    written: list[tuple[str, Decimal]] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)

    @asynchronous("invoices")
    @event_handler(endpoint_id="invoices.write")
    def write(self, event: OrderWasPlaced, tenant: Annotated[str, Header("tenant")] = "none") -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise ConnectionError(event.order_id)
        self.written.append((event.order_id, event.price))
        self.tenants.append(tenant)


def place(order_id: str) -> PlaceOrder:
    return PlaceOrder(order_id, Decimal("9.90"))


def test_payloads_and_headers_cross_the_wire(ecotone: Ecotone) -> None:
    flow = ecotone.bootstrap_flow_testing([Checkout, Invoices], enable_asynchronous_processing=True)
    flow.send_command(place("o1"), metadata={"tenant": "a"}).run("invoices")

    assert flow.get_instance(Invoices).written == [("o1", Decimal("9.90"))]
    assert flow.get_instance(Invoices).tenants == ["a"]
    [received] = flow.trace.received("invoices")
    assert isinstance(received.message.payload, bytes)


def test_a_failing_message_is_the_next_one_again(ecotone: Ecotone) -> None:
    flow = ecotone.bootstrap_flow_testing([Checkout, Invoices], enable_asynchronous_processing=True)
    invoices = flow.get_instance(Invoices)
    invoices.failures_left = 2
    flow.send_command(place("o1")).send_command(place("o2"))

    for _ in range(2):
        with pytest.raises(ConnectionError, match="o1"):
            flow.run("invoices")
    flow.run("invoices")

    assert [order_id for order_id, _ in invoices.written] == ["o1", "o2"]
    assert flow.waiting("invoices") == 0


def test_a_limit_leaves_the_rest_for_the_next_run(ecotone: Ecotone) -> None:
    flow = ecotone.bootstrap_flow_testing([Checkout, Invoices], enable_asynchronous_processing=True)
    for number in range(5):
        flow.send_command(place(f"o{number}"))

    flow.run("invoices", ExecutionPollingMetadata(handled_message_limit=2))
    assert flow.waiting("invoices") == 3

    flow.run("invoices")
    assert [order_id for order_id, _ in flow.get_instance(Invoices).written] == [f"o{n}" for n in range(5)]


def test_messages_go_through_several_channels_one_after_the_other(ecotone: Ecotone) -> None:
    class Outbox:
        @asynchronous("outbox", "shipping")
        @command_handler("ship", endpoint_id="ship")
        def ship(self, order_id: str) -> None: ...

    flow = ecotone.bootstrap_flow_testing([Outbox], enable_asynchronous_processing=True)
    flow.send_command_with_routing_key("ship", "o1")

    flow.run("outbox").expect(handled(by="ship", times=0), sent(to="shipping", times=1))
    flow.run("shipping").expect(handled(by="ship", times=1))


@pytest.mark.parametrize("partitions", [1, 4])
def test_numbers_lists_and_truths_reach_typed_parameters(ecotone: Ecotone, partitions: int) -> None:
    class Reader:
        seen: tuple[object, ...] = ()

        @asynchronous("reading")
        @command_handler("read", endpoint_id="read")
        def read(
            self,
            number: Annotated[int, Header("number")],
            truth: Annotated[bool, Header("truth")],
            roles: Annotated[list[str], Header("roles")],
            headers: Headers,
        ) -> None:
            self.seen = (number, truth, roles, "absent" in headers)

    flow = ecotone.bootstrap_flow_testing(
        [Reader], enable_asynchronous_processing=[Channel("reading", partitions=partitions)]
    )
    flow.send_command_with_routing_key(
        "read", metadata={"number": 3, "truth": False, "roles": ["a", "b"], "absent": None}
    ).run("reading")

    assert flow.get_instance(Reader).seen == (3, False, ["a", "b"], False)


@aggregate
@dataclass
class Basket(WithEvents):
    basket_id: Annotated[str, Identifier]
    products: list[str] = field(default_factory=list)

    @asynchronous("baskets")
    @command_handler("basket.fill", endpoint_id="basket.fill")
    def fill(self, product: str) -> None:
        self.products.append(product)
        if product == "poison":
            raise ValueError(product)

    @command_handler("basket.open")
    @classmethod
    def open(cls, basket_id: str) -> Self:
        return cls(basket_id)


def test_an_aggregate_is_found_by_metadata_after_the_hop_and_failure_leaves_no_trace_in_it(ecotone: Ecotone) -> None:
    flow = ecotone.bootstrap_flow_testing([Basket], enable_asynchronous_processing=True)
    flow.send_command_with_routing_key("basket.open", "b1")
    for product in ("milk", "poison"):
        flow.send_command_with_routing_key("basket.fill", product, metadata={"aggregate.id": "b1"})

    with pytest.raises(ValueError, match="poison"):
        flow.run("baskets")

    assert flow.get_aggregate(Basket, "b1").products == ["milk"]
    assert flow.waiting("baskets") == 1
