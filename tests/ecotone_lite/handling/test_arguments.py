"""Each parameter of a handler is filled by what it says: payload, headers, message, service; headers as its type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotone_lite import (
    Clock,
    CommandBus,
    EcotoneLite,
    EventBus,
    Header,
    Headers,
    Message,
    asynchronous,
    command_handler,
)
from ecotone_lite.errors import ConversionError, HeaderNotFound
from ecotone_lite.handling.arguments import header_as


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 2


@dataclass(frozen=True)
class Place:
    order_id: str


UUID_TEXT = "019ca960-8140-7d8e-91b7-584a2265b1f5"


@pytest.mark.parametrize(
    ("value", "target", "read"),
    [
        ("text", str, "text"),
        ("3", int, 3),
        (3, int, 3),
        ("3.5", float, 3.5),
        (3, float, 3.0),
        ("1", bool, True),
        ("", bool, False),
        ("0", bool, False),
        ("true", bool, True),
        ("False", bool, False),
        (True, bool, True),
        ("", bool | None, False),
        ("1", bool | None, True),
        ("red", Colour, Colour.RED),
        ("red", Colour | None, Colour.RED),
        (Colour.RED, Colour, Colour.RED),
        ("2", Size, Size.LARGE),
        (2, Size, Size.LARGE),
        (UUID_TEXT, UUID, UUID(UUID_TEXT)),
        (UUID(UUID_TEXT), UUID, UUID(UUID_TEXT)),
        ("9.90", Decimal, Decimal("9.90")),
        ("2026-03-01T00:00:00Z", datetime, datetime(2026, 3, 1, tzinfo=UTC)),
        ('["a","b"]', list[str], ["a", "b"]),
        (["a", "b"], list[str], ["a", "b"]),
        ("[1,2]", tuple[int, ...] | None, (1, 2)),
        ('{"a":1}', dict[str, int], {"a": 1}),
        ({"a": "1"}, dict[str, int], {"a": 1}),
        ('{"order_id":"o1"}', Place, Place("o1")),
        ({"order_id": "o1"}, Place, Place("o1")),
        ("null", str | None, "null"),
        ("[]", Any, "[]"),
        ([1], Any, [1]),
    ],
)
def test_a_header_is_read_as_the_parameter_s_type(value: object, target: Any, read: object) -> None:
    found = header_as(value, target)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (True, "1"),
        (False, ""),
        (1.5, "1.5"),
        (UUID(UUID_TEXT), UUID_TEXT),
        (Colour.RED, "red"),
        (["a", 1], '["a",1]'),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_a_header_is_read_as_the_text_that_a_wire_of_texts_would_carry(value: object, text: str) -> None:
    assert header_as(value, str) == header_as(value, str | None) == text


@given(st.text())
def test_a_text_is_read_as_itself(text: str) -> None:
    assert header_as(text, str) == header_as(text, str | None) == text


@pytest.mark.parametrize(
    ("value", "target"),
    [("x", int), ("", int), ("yes", bool), ("blue", Colour), ("[1", list[int]), (["x"], list[int]), ("{}", Place)],
)
def test_a_header_that_does_not_fit_is_told(value: object, target: Any) -> None:
    with pytest.raises(ConversionError, match=f"{value!r} is no ".replace("[", r"\[")):
        header_as(value, target)


def reply_to(handler: Any, payload: object = None, metadata: Mapping[str, object] | None = None) -> Any:
    return replies_of(handler)("handle", payload, metadata)


def replies_of(handler: Any) -> Callable[..., Any]:
    orders = type("Orders", (), {"handle": command_handler("handle")(handler)})
    return EcotoneLite.bootstrap_flow_testing([orders]).get_gateway(CommandBus).send_with_routing_key


def test_the_payload_is_the_first_parameter_that_is_nothing_else() -> None:
    def handle(
        self: object, bus: EventBus, user: Annotated[str, Header("user")], headers: Headers, clock: Clock, payload: int
    ) -> object:
        return payload

    assert reply_to(handle, "7", {"user": "ann"}) == 7


def test_a_handler_may_ask_for_the_whole_message() -> None:
    def handle(self: object, message: Message, headers: Headers) -> object:
        return message.payload, message.headers["user"], headers is message.headers

    assert reply_to(handle, [7], {"user": "ann"}) == ([7], "ann", True)


def test_parameters_may_be_for_their_name_alone() -> None:
    def handle(self: object, payload: str, *, user: Annotated[str, Header("user")], clock: Clock) -> object:
        return payload, user, isinstance(clock, Clock)

    assert reply_to(handle, "x", {"user": "ann"}) == ("x", "ann", True)


def test_parameters_may_be_for_their_place_alone() -> None:
    def handle(self: object, payload: str, user: Annotated[str, Header("user")], /) -> object:
        return payload, user

    assert reply_to(handle, "x", {"user": "ann"}) == ("x", "ann")


def test_open_ended_parameters_stay_empty() -> None:
    def handle(self: object, payload: str, *more: str, **others: str) -> object:
        return payload, more, others

    assert reply_to(handle, "x", {"user": "ann"}) == ("x", (), {})


@pytest.mark.parametrize("payload", ["x", 7, None, Place("o1"), [1]])
def test_a_payload_without_an_annotation_is_given_as_it_is(payload: object) -> None:
    def handle(self, payload):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return payload

    assert reply_to(handle, payload) == payload


def test_a_header_is_called_like_its_parameter_unless_it_is_named() -> None:
    def handle(self: object, user: Annotated[str, Header], tenant: Annotated[str, Header()]) -> object:
        return user, tenant

    assert reply_to(handle, metadata={"user": "ann", "tenant": "t"}) == ("ann", "t")


def test_a_missing_header_is_the_default_else_none_where_it_may_be() -> None:
    def handle(
        self: object,
        one: Annotated[str, Header("one")] = "nobody",
        two: Annotated[int | None, Header("two")] = 7,
        three: Annotated[int | None, Header("three")] = None,
        *,
        four: Annotated[int | None, Header("four")],
        five: Annotated[int, Header("five")] | None,
    ) -> object:
        return one, two, three, four, five

    reply = replies_of(handle)
    assert reply("handle") == ("nobody", 7, None, None, None)
    assert reply("handle", metadata={"five": "5", "two": "2"}) == ("nobody", 2, None, None, 5)


def test_a_header_that_must_be_there_is_told_with_the_nearest_and_who_asked() -> None:
    def handle(self: object, tenant: Annotated[str, Header("tenant")]) -> None: ...

    with pytest.raises(HeaderNotFound, match="no header 'tenant'; did you mean 'tenent'") as raised:
        reply_to(handle, metadata={"tenent": "t"})
    assert raised.value.__notes__ == [
        "asked for by Orders.handle(tenant); give the parameter a default if it may be missing"
    ]


def test_a_header_that_does_not_fit_names_the_handler_and_the_header() -> None:
    def handle(self: object, number: Annotated[int, Header("number")]) -> None: ...

    with pytest.raises(ConversionError, match=r"^Orders\.handle: header 'number': 'x' is no int"):
        reply_to(handle, metadata={"number": "x"})


def test_a_payload_that_does_not_fit_is_told() -> None:
    def handle(self: object, number: int) -> None: ...

    with pytest.raises(ConversionError, match="'x' is no int"):
        reply_to(handle, "x")


@pytest.mark.parametrize("number", [1, True, "1"])
def test_a_header_is_the_same_before_and_after_a_channel(number: object) -> None:
    class Twice:
        def __init__(self) -> None:
            self.seen: list[object] = []

        @command_handler("now")
        def now(self, number: Annotated[str, Header("number")]) -> None:
            self.seen.append(number)

        @asynchronous("later")
        @command_handler("later", endpoint_id="twice.later")
        def later(self, number: Annotated[str, Header("number")]) -> None:
            self.seen.append(number)

    flow = EcotoneLite.bootstrap_flow_testing([Twice], enable_asynchronous_processing=True)
    for key in ("now", "later"):
        flow.send_command_with_routing_key(key, metadata={"number": number})
    assert flow.run("later").get_instance(Twice).seen == ["1", "1"]
