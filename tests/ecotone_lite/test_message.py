"""A message is a payload and its headers; the factory gives each its id, its time and its place in the flow."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotone_lite import Headers, Message
from ecotone_lite.clock import VirtualClock
from ecotone_lite.errors import HeaderNotFound, InvalidHeader
from ecotone_lite.identity import SeededIds
from ecotone_lite.message import Lineage, MessageFactory, handed_on, routing_key_header

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
METADATA = st.dictionaries(st.text(min_size=1), st.integers() | st.text() | st.booleans())
OF_THE_FRAMEWORK = [
    "id",
    "correlationId",
    "parentId",
    "timestamp",
    "contentType",
    "__TypeId__",
    "routingSlip",
    "replyChannel",
    "errorChannel",
    "polledChannelName",
    "deliveryDelay",
    "timeToLive",
    "priority",
    "aggregate.id",
    "revision",
    "sequenceNumber",
    "sequenceSize",
    "ecotone.modelling.aggregate.id",
    "ecotone.kafka.partition_target_key",
    "kafka_offset",
    "_aggregate_version",
    "_stream_name",
    routing_key_header("command"),
]


@pytest.fixture
def messages() -> MessageFactory:
    clock = VirtualClock(NOW)
    return MessageFactory(clock, SeededIds(clock, seed=1))


def cause(headers: Mapping[str, object] | None = None) -> Lineage:
    return Lineage.of(Message("cause", Headers({"id": "m1", "correlationId": "c1", **(headers or {})})))


def test_a_message_gets_an_id_a_correlation_id_and_a_time(messages: MessageFactory) -> None:
    message = messages.create("hello")

    assert UUID(message.message_id).version == 7
    assert message.correlation_id == message.message_id
    assert message.timestamp == SECONDS
    assert message.parent_id is None


def test_ids_that_are_given_are_kept(messages: MessageFactory) -> None:
    message = messages.create("hello", {"id": "m7", "correlationId": "c7", "parentId": "m6"})
    assert (message.message_id, message.correlation_id, message.parent_id) == ("m7", "c7", "m6")


def test_a_correlation_id_that_is_given_is_kept_when_the_id_is_made(messages: MessageFactory) -> None:
    message = messages.create("hello", {"correlationId": "c7"})
    assert message.correlation_id == "c7"
    assert message.message_id != "c7"


@pytest.mark.parametrize(
    ("given_time", "read"),
    [(1000, 1000), ("1000", 1000), (None, SECONDS), (0, SECONDS), ("soon", SECONDS), ("", SECONDS), ([], SECONDS)],
)
def test_a_time_is_read_from_its_text_and_nonsense_is_now(
    messages: MessageFactory, given_time: object, read: int
) -> None:
    assert messages.create("hello", {"timestamp": given_time}).timestamp == read


def test_what_is_sent_while_another_is_handled_continues_its_flow(messages: MessageFactory) -> None:
    message = messages.create("effect", cause=cause({"user": "ann"}))

    assert message.message_id not in ("m1", "c1")
    assert (message.correlation_id, message.parent_id) == ("c1", "m1")
    assert message.headers["user"] == "ann"


def test_metadata_wins_over_what_is_handed_on_except_for_the_correlation(messages: MessageFactory) -> None:
    message = messages.create("effect", {"user": "bob", "correlationId": "mine"}, cause=cause({"user": "ann"}))

    assert message.headers["user"] == "bob"
    assert message.correlation_id == "c1"


def test_the_parent_is_the_message_being_handled_whatever_the_metadata_says(messages: MessageFactory) -> None:
    assert messages.create("effect", {"parentId": "m0"}, cause=cause()).parent_id == "m1"


def test_none_takes_a_header_away_that_would_have_been_handed_on(messages: MessageFactory) -> None:
    message = messages.create("effect", {"user": None}, cause=cause({"user": "ann", "tenant": "t"}))
    assert "user" not in message.headers
    assert message.headers["tenant"] == "t"


def test_none_for_an_id_makes_one(messages: MessageFactory) -> None:
    message = messages.create("hello", {"id": None, "correlationId": None})
    assert UUID(message.message_id).version == 7
    assert message.correlation_id == message.message_id


def test_forwarding_all_headers_keeps_the_id_and_names_no_parent(messages: MessageFactory) -> None:
    handled = messages.create("cause", {"user": "ann"})
    forwarded = messages.create("same", handled.headers, cause=Lineage.of(handled))

    assert forwarded.message_id == handled.message_id
    assert forwarded.parent_id is None


@pytest.mark.parametrize("name", ["routingSlip", "replyChannel", "polledChannelName"])
def test_headers_that_only_the_framework_sets_are_ignored_in_metadata(messages: MessageFactory, name: str) -> None:
    assert name not in messages.create("hello", {name: "elsewhere"}).headers


@pytest.mark.parametrize("name", ["", 7, None])
def test_a_header_name_is_a_text_that_is_not_empty(messages: MessageFactory, name: object) -> None:
    with pytest.raises(InvalidHeader, match=f"non-empty string, not {name!r}"):
        messages.create("hello", {name: "x"})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", OF_THE_FRAMEWORK)
def test_headers_of_the_framework_are_not_handed_on(name: str) -> None:
    assert handed_on({name: "x", "user": "ann"}) == {"user": "ann"}


@given(METADATA)
def test_what_is_handed_on_is_a_part_of_the_headers_and_settles_at_once(headers: dict[str, object]) -> None:
    once = handed_on(headers)
    assert once.items() <= headers.items()
    assert handed_on(once) == once


@given(METADATA)
def test_a_header_that_is_nobody_else_s_reaches_what_comes_next(headers: dict[str, object]) -> None:
    mine = {f"my {name}": value for name, value in headers.items()}
    clock = VirtualClock(NOW)
    message = MessageFactory(clock, SeededIds(clock, seed=1)).create("effect", cause=cause(mine))
    assert mine.items() <= message.headers.items()


def test_a_missing_header_is_told_with_the_nearest_name() -> None:
    headers = Headers({"tenant": "t"})
    with pytest.raises(HeaderNotFound, match="no header 'tenent'; did you mean 'tenant'"):
        headers["tenent"]
    with pytest.raises(KeyError):
        headers["other"]
    assert headers.get("other", 3) == 3


def test_headers_are_a_copy_and_give_copies() -> None:
    given_values = {"user": "ann"}
    headers = Headers(given_values)
    given_values["user"] = "bob"
    headers.to_dict()["user"] = "carl"
    assert headers == {"user": "ann"}
    assert repr(headers) == "Headers({'user': 'ann'})"


def test_a_message_never_changes_and_a_change_gives_another() -> None:
    message = Message("hello", Headers({"id": "m1", "user": "ann"}))
    changed = message.with_headers({"user": None, "tenant": "t"}).with_payload("bye").without_headers("id")

    assert (changed.payload, changed.headers) == ("bye", {"tenant": "t"})
    assert (message.payload, message.headers) == ("hello", {"id": "m1", "user": "ann"})
    with pytest.raises(FrozenInstanceError):
        message.payload = "changed"  # type: ignore[misc]


def test_a_payload_may_be_none(messages: MessageFactory) -> None:
    assert messages.create(None).payload is None
