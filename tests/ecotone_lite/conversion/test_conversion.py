"""What is written is read as it was; what arrives is read as the type that is asked for, and never chooses what runs."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, Protocol
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotone_lite import Headers, Message
from ecotone_lite.conversion.conversion import JSON, OCTETS, TEXT, Conversion, type_id
from ecotone_lite.errors import ConversionError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Line:
    product: str
    price: Decimal


@dataclass
class Order:
    order_id: UUID
    lines: list[Line]
    colour: Colour
    size: Size | None
    placed: datetime
    due: date | None = None
    wait: timedelta = timedelta(0)
    tags: frozenset[str] = frozenset()
    prices: dict[str, float] = field(default_factory=dict)


@attrs.define
class Parcel:
    parcel_id: UUID
    lines: list[Line]
    mood: Mood
    picked: time | None = None
    content: bytes = b""


class Invoice(msgspec.Struct, frozen=True):
    number: int
    total: Decimal
    paid: bool = False
    colours: tuple[Colour, ...] = ()


DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LINES = st.lists(st.builds(Line, st.text(), DECIMALS), max_size=3)
ORDERS = st.builds(
    Order,
    lines=LINES,
    due=st.none() | st.dates(),
    wait=st.timedeltas(),
    tags=st.frozensets(st.text()),
    prices=st.dictionaries(st.text(), FLOATS),
)
VALUES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (Order, ORDERS),
    (Parcel, st.builds(Parcel, st.uuids(), LINES, st.sampled_from(Mood), st.none() | st.times(), st.binary())),
    (Invoice, st.builds(Invoice, number=st.integers(-(2**63), 2**64), total=DECIMALS)),
    (Colour, st.sampled_from(Colour)),
    (Size, st.sampled_from(Size)),
    (Mood, st.sampled_from(Mood)),
    (datetime, st.datetimes()),
    (date, st.dates()),
    (UUID, st.uuids()),
    (Decimal, DECIMALS),
    (None, st.none()),
    (str, st.text()),
    (str | None, st.text() | st.none()),
    (bytes, st.binary()),
    (int, st.integers(-(2**63), 2**64)),
    (float, FLOATS),
    (bool, st.booleans()),
    (list[str], st.lists(st.text())),
    (dict[str, int], st.dictionaries(st.text(), st.integers(0, 9))),
    (object, st.text() | st.binary() | st.none() | st.lists(st.integers(0, 9) | st.text())),
]


def message(payload: object, **headers: object) -> Message:
    return Message(payload, Headers(headers))


@pytest.mark.parametrize(("target", "values"), VALUES, ids=lambda each: getattr(each, "__name__", None))
def test_what_is_written_is_read_as_it_was(target: Any, values: st.SearchStrategy[Any]) -> None:
    conversion = Conversion()

    @given(values)
    def law(value: object) -> None:
        written = conversion.write(message(value))
        assert isinstance(written.payload, bytes)
        read = conversion.read(written, target)
        assert read == value
        assert type(read) is type(value)

    law()


@given(st.text() | st.binary() | st.builds(Line, st.text(), DECIMALS))
def test_what_was_written_is_not_written_again(payload: object) -> None:
    conversion = Conversion()
    once = conversion.write(message(payload))
    assert conversion.write(once) == once


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        ("text", {"contentType": TEXT}),
        (b"octets", {"contentType": OCTETS}),
        ([1], {"contentType": JSON}),
        (None, {"contentType": JSON}),
        (Line("x", Decimal(1)), {"contentType": JSON, "__TypeId__": type_id(Line)}),
        (Colour.RED, {"contentType": JSON, "__TypeId__": type_id(Colour)}),
    ],
)
def test_the_headers_say_what_was_written(payload: object, headers: dict[str, object]) -> None:
    assert Conversion().write(message(payload)).headers == headers


@pytest.mark.parametrize("payload", ['{"product": "x", "price": "1"}', b'{"product": "x", "price": "1"}'])
def test_a_media_type_that_is_given_is_kept_and_read(payload: str | bytes) -> None:
    conversion = Conversion()
    given_one = message(payload, contentType=JSON)
    for each in (given_one, conversion.write(given_one)):
        assert each.headers["contentType"] == JSON
        assert conversion.read(each, Line) == Line("x", Decimal(1))


@pytest.mark.parametrize(
    ("payload", "headers", "target", "value"),
    [
        (b'{"a": 1}', {}, dict, {"a": 1}),
        (b'"text"', {}, str, "text"),
        (b"12", {"contentType": TEXT}, int, 12),
        (b"red", {"contentType": TEXT}, Colour, Colour.RED),
        ("2026-03-01", {}, date, date(2026, 3, 1)),
        ({"product": "x", "price": 1}, {}, Line, Line("x", Decimal(1))),
        ([{"product": "x", "price": "1"}], {}, list[Line], [Line("x", Decimal(1))]),
        ([Line("x", Decimal(1))], {}, list[Line], [Line("x", Decimal(1))]),
        (3, {}, float, 3.0),
        ("anything", {}, Any, "anything"),
        (7, {}, Any, 7),
    ],
)
def test_what_arrives_is_read_as_the_type_that_is_asked_for(
    payload: object, headers: dict[str, object], target: Any, value: object
) -> None:
    assert Conversion().read(message(payload, **headers), target) == value


@pytest.mark.parametrize("payload", [{"product": "x", "price": "3"}, {"product": "x", "price": 3}])
def test_numbers_in_text_are_read_on_this_side_of_a_channel_as_on_the_other(payload: object) -> None:
    @dataclass
    class Priced:
        product: str
        price: int

    conversion = Conversion()
    assert conversion.read(message(payload), Priced) == Priced("x", 3)
    assert conversion.read(conversion.write(message(payload)), Priced) == Priced("x", 3)


@pytest.mark.parametrize("target", [Line, Line | None, object, Any])
def test_a_payload_that_fits_is_the_very_same(target: Any) -> None:
    line = Line("x", Decimal(1))
    assert Conversion().read(message(line, contentType=JSON), target) is line


class Priced(Protocol):
    price: Decimal


@pytest.mark.parametrize(
    ("payload", "headers", "target", "why"),
    [
        (b"{", {}, Line, "this application/json is no Line: Input data was truncated"),
        (b"[]", {}, Line, "this application/json is no Line: Expected `object`, got `array`"),
        (b"\xff", {"contentType": TEXT}, str, "these bytes are no text/plain"),
        (b"\xff", {}, str, "this application/json is no str"),
        (b"{}", {}, Priced, "Priced"),
        (b"{}", {}, Line | Invoice, "more than one"),
        ("x", {}, int, "'x' is no int"),
        ({"product": "x"}, {}, Line, "is no Line: Object missing required field `price`"),
        (Invoice(1, Decimal(1)), {}, Line, "is no Line"),
    ],
)
def test_what_does_not_fit_says_why(payload: object, headers: dict[str, object], target: Any, why: str) -> None:
    with pytest.raises(ConversionError, match=why):
        Conversion().read(message(payload, **headers), target)


class Unwritable: ...


@pytest.mark.parametrize("payload", [Unwritable(), [Unwritable()], lambda: None, "\ud800", ["\ud800"], 1j])
def test_what_cannot_be_written_says_so_before_anything_is_sent(payload: object) -> None:
    with pytest.raises(ConversionError, match=f"^{type(payload).__name__} cannot be written as "):
        Conversion().write(message(payload))


@given(
    st.text() | st.sampled_from([type_id(Unwritable), type_id(Order), "builtins.eval", "os.system", "subprocess.Popen"])
)
def test_a_type_from_outside_never_chooses_a_class_that_no_handler_names(foreign: str) -> None:
    conversion = Conversion(known=[Line])
    arrived = message(b'{"product": "x", "price": "1"}', contentType=JSON, __TypeId__=foreign)

    assert conversion.read(arrived, object) == {"product": "x", "price": "1"}
    assert conversion.read(arrived, Line) == Line("x", Decimal(1))
    with pytest.raises(ConversionError):
        conversion.read(arrived, Line | Invoice)


@pytest.mark.parametrize("target", [object, Any, Line | Invoice, Line])
def test_a_type_that_a_handler_names_is_found_by_its_name(target: Any) -> None:
    conversion = Conversion(known=[Line, Invoice])
    arrived = message(b'{"product": "x", "price": "1"}', __TypeId__=type_id(Line))
    assert conversion.read(arrived, target) == Line("x", Decimal(1))


def test_a_type_that_is_named_and_not_asked_for_is_not_made() -> None:
    conversion = Conversion(known=[Line, Invoice])
    arrived = message(b'{"product": "x", "price": "1"}', __TypeId__=type_id(Invoice))
    assert conversion.read(arrived, Line) == Line("x", Decimal(1))


@pytest.mark.parametrize("foreign", [["x"], {"a": 1}, 7])
def test_a_type_that_is_no_text_means_nothing(foreign: object) -> None:
    assert Conversion(known=[Line]).read(message(b"[1]", __TypeId__=foreign), object) == [1]
