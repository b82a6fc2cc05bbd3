"""Decorators stamp a mark and give back what they were given; their order does not matter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Self

import pytest

from ecotone_lite import (
    CommandBus,
    EcotoneLite,
    Identifier,
    aggregate,
    asynchronous,
    command_handler,
    event_handler,
    query_handler,
)
from ecotone_lite.definitions import HandlerDefinition
from ecotone_lite.discovery import discover
from ecotone_lite.errors import MisplacedDecorator


@dataclass(frozen=True)
class Make:
    thing_id: str


@dataclass(frozen=True)
class Made:
    thing_id: str


def handlers(cls: type[Any]) -> tuple[HandlerDefinition, ...]:
    return discover(cls).definition.handlers


@pytest.mark.parametrize(
    ("decorator", "key", "endpoint_id"),
    [
        (command_handler, None, "Handlers.handle"),
        (command_handler(), None, "Handlers.handle"),
        (command_handler("make"), "make", "Handlers.handle"),
        (command_handler(endpoint_id="e1"), None, "e1"),
        (command_handler("make", endpoint_id="e1"), "make", "e1"),
        (event_handler, None, "Handlers.handle"),
        (event_handler("made", endpoint_id="e1"), "made", "e1"),
        (query_handler, None, "Handlers.handle"),
        (query_handler("ask", endpoint_id="e1"), "ask", "e1"),
    ],
)
def test_handlers_are_marked_bare_and_with_arguments(
    decorator: Callable[..., Any], key: str | None, endpoint_id: str
) -> None:
    class Handlers:
        @decorator
        def handle(self, message: Make) -> None: ...

    [handler] = handlers(Handlers)
    assert (handler.routing_key, handler.endpoint_id) == (key, endpoint_id)


def test_a_decorator_gives_back_the_very_function() -> None:
    def handle(self: object, command: Make) -> None: ...

    assert command_handler(handle) is handle
    assert asynchronous("things")(handle) is handle


@pytest.mark.parametrize("above", [True, False])
def test_a_mark_above_or_below_classmethod_means_the_same(above: bool) -> None:
    @aggregate
    @dataclass
    class Thing:
        thing_id: Annotated[str, Identifier]

        if above:

            @command_handler
            @classmethod
            def make(cls, command: Make) -> Self:
                return cls(command.thing_id)
        else:

            @classmethod
            @command_handler
            def make(cls, command: Make) -> Self:
                return cls(command.thing_id)

    flow = EcotoneLite.bootstrap_flow_testing([Thing])
    assert flow.get_gateway(CommandBus).send(Make("t1")) == "t1"
    assert Thing.make(Make("t2")) == Thing("t2")


def test_asynchronous_on_a_class_is_for_its_commands_and_events_and_not_for_its_queries() -> None:
    @asynchronous("things")
    class Handlers:
        @command_handler(endpoint_id="make")
        def make(self, command: Make) -> None: ...

        @event_handler(endpoint_id="made")
        def made(self, event: Made) -> None: ...

        @query_handler("ask")
        def ask(self) -> int:
            return 7

    assert {handler.method: handler.channels for handler in handlers(Handlers)} == {
        "make": ("things",),
        "made": ("things",),
        "ask": (),
    }


def test_a_channel_at_the_method_wins_over_the_one_at_the_class() -> None:
    @asynchronous("things")
    class Handlers:
        @asynchronous("urgent", "late")
        @command_handler(endpoint_id="make")
        def make(self, command: Make) -> None: ...

    [handler] = handlers(Handlers)
    assert handler.channels == ("urgent", "late")


def test_one_method_may_answer_to_several_keys() -> None:
    class Handlers:
        made = 0

        @command_handler("make")
        @command_handler("create")
        def make(self) -> None:
            self.made += 1

    flow = EcotoneLite.bootstrap_flow_testing([Handlers])
    flow.send_command_with_routing_key("make").send_command_with_routing_key("create")
    assert flow.get_instance(Handlers).made == 2


def test_handlers_are_inherited_and_run_as_the_subclass_has_them() -> None:
    class Base:
        @event_handler
        def made(self, event: Made) -> None:
            self.seen = type(self).__name__

    class Derived(Base): ...

    flow = EcotoneLite.bootstrap_flow_testing([Derived]).publish_event(Made("t1"))
    assert flow.get_instance(Derived).seen == "Derived"


def test_an_overridden_method_without_a_mark_is_no_handler() -> None:
    class Base:
        @event_handler
        def made(self, event: Made) -> None: ...

    class Derived(Base):
        def made(self, event: Made) -> None: ...

    assert handlers(Derived) == ()


@pytest.mark.parametrize("channels", [(), (lambda: None,), ("",)])
def test_asynchronous_without_a_channel_is_told_where_it_stands(channels: tuple[Any, ...]) -> None:
    with pytest.raises(MisplacedDecorator, match=r'name the channel: @asynchronous\("\.\.\."\)'):
        asynchronous(*channels)
