"""What every channel must do. Run it on yours:

    from ecotone_testing.contracts.channel import *

    @pytest.fixture
    def channels() -> Iterator[ChannelsUnderTest]:
        yield ChannelsUnderTest(open_my_channel, capabilities=frozenset({"requeue"}), patience_seconds=5)

What a channel cannot do it leaves out of its capabilities; the tests that need it are skipped, with the name.
"""  # noqa: D400 - the code is the end of the sentence

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from ecotone_lite import Headers, Message
from ecotone_lite.channels.channel import Delivery, PollableChannel, Receiver
from ecotone_lite.clock import Deadline
from ecotone_lite.errors import AlreadySettled
from ecotone_lite.message import AGGREGATE_IDENTIFIERS, PARTITION_TARGET_KEY

__all__ = [
    "ChannelsUnderTest",
    "test_a_message_is_settled_once",
    "test_a_rejected_message_never_comes_again",
    "test_a_released_message_is_the_next_one",
    "test_acknowledged_messages_never_come_again",
    "test_all_that_is_sent_at_once_arrives",
    "test_another_endpoint_sees_everything_from_the_beginning",
    "test_headers_arrive",
    "test_headers_keep_their_types",
    "test_headers_without_types_arrive_as_text",
    "test_messages_come_in_the_order_sent",
    "test_messages_of_one_key_stay_in_order",
    "test_nothing_comes_from_an_empty_channel",
    "test_nothing_is_held_back_after_a_pause",
    "test_payloads_arrive_as_they_were_sent",
    "test_receivers_of_one_endpoint_share_the_messages",
    "test_released_again_and_again_nothing_is_lost",
    "test_sending_nothing_is_fine",
    "test_what_was_not_settled_comes_again",
]


@dataclass(frozen=True)
class ChannelsUnderTest:
    """The implementation under test: opens new, empty channels, and says what they are capable of.

    `open`: gives a channel that nobody used before, with so many partitions if it has any. `patience_seconds`: how
    long a message that was sent may take to arrive, in real seconds.
    """

    open: Callable[[int], PollableChannel]
    capabilities: frozenset[str] = frozenset()
    patience_seconds: float = 0.0
    _numbers: Iterator[int] = field(default_factory=count, repr=False)

    def needs(self, capability: str) -> None:
        """Skip, with the name of the capability, where it is lacking."""
        if capability not in self.capabilities:
            pytest.skip(f"unsupported: lacks {capability!r}")

    def message(self, payload: bytes = b"{}", **headers: Any) -> Message:
        """A message as it crosses the wire, with an id of its own."""
        return self.with_headers(payload, headers)

    def with_headers(self, payload: bytes, headers: Mapping[str, Any]) -> Message:
        """The same, for headers whose names are no Python names."""
        number = next(self._numbers)
        message_id = f"00000000-0000-7000-8000-{number:012}"
        told = {
            "id": message_id,
            "correlationId": message_id,
            "timestamp": 1767225600,
            "contentType": "application/json",
        }
        return Message(payload, Headers({**told, **headers}))

    def messages(self, amount: int) -> list[Message]:
        return [self.message(str(number).encode()) for number in range(amount)]

    def next(self, receiver: Receiver) -> Delivery:
        """The next delivery, which must come in time."""
        delivery = self.maybe_next(receiver, self.patience_seconds)
        assert delivery is not None, f"no message came within {self.patience_seconds:g} s"
        return delivery

    def maybe_next(self, receiver: Receiver, seconds: float = 0.2) -> Delivery | None:
        """The next delivery, if one comes."""
        deadline = Deadline.after(min(seconds, self.patience_seconds))
        while (delivery := receiver.receive(min(0.05, deadline.remaining()))) is None and not deadline.expired:
            pass
        return delivery

    def drain(self, receiver: Receiver, amount: int) -> list[Message]:
        """So many messages, acknowledged one by one."""
        messages = []
        for _ in range(amount):
            delivery = self.next(receiver)
            delivery.acknowledge()
            messages.append(delivery.message)
        return messages


def _payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def test_messages_come_in_the_order_sent(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(3))
    channel.send([channels.message(b"3")])
    assert _payloads(channels.drain(channel.receiver(channel.name), 4)) == [b"0", b"1", b"2", b"3"]


def test_messages_of_one_key_stay_in_order(channels: ChannelsUnderTest) -> None:
    channel = channels.open(4)
    keys = ("a", "b", "c", "d", "e")
    for number in range(4):
        channel.send(
            [
                channels.with_headers(str(number).encode(), {AGGREGATE_IDENTIFIERS: {"id": key}, "key": key})
                for key in keys
            ]
        )
    received = channels.drain(channel.receiver(channel.name), 20)
    for key in keys:
        of_key = [message.payload for message in received if message.headers["key"] == key]
        assert of_key == [b"0", b"1", b"2", b"3"]


def test_all_that_is_sent_at_once_arrives(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    sent = channels.messages(200)
    channel.send(sent)
    received = channels.drain(channel.receiver(channel.name), 200)
    assert [message.message_id for message in received] == [message.message_id for message in sent]


def test_sending_nothing_is_fine(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send([])
    assert channels.maybe_next(channel.receiver(channel.name)) is None


def test_nothing_comes_from_an_empty_channel(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    assert channel.receiver(channel.name).receive() is None


@pytest.mark.parametrize("payload", [b"", b"null", "grüße".encode(), b"\xff\x00\xfe", b"x" * 100_000])
def test_payloads_arrive_as_they_were_sent(channels: ChannelsUnderTest, payload: bytes) -> None:
    channel = channels.open(1)
    channel.send([channels.message(payload)])
    assert channels.next(channel.receiver(channel.name)).message.payload == payload


def test_headers_arrive(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    sent = channels.message(tenant="a", empty="", umlaut="ü", routingSlip="x.target.execute")
    channel.send([sent])
    received = channels.next(channel.receiver(channel.name)).message.headers
    assert {name: received[name] for name in sent.headers} == dict(sent.headers)


TYPED = {"number": 3, "truth": True, "falsehood": False, "roles": ["a", "b"], "map": {"a": 1}}


def test_headers_keep_their_types(channels: ChannelsUnderTest) -> None:
    channels.needs("header_types")
    channel = channels.open(1)
    channel.send([channels.with_headers(b"{}", TYPED)])
    received = channels.next(channel.receiver(channel.name)).message.headers
    assert {name: received[name] for name in TYPED} == TYPED


def test_headers_without_types_arrive_as_text(channels: ChannelsUnderTest) -> None:
    if "header_types" in channels.capabilities:
        pytest.skip("headers keep their types here")
    channel = channels.open(1)
    channel.send([channels.with_headers(b"{}", TYPED)])
    received = channels.next(channel.receiver(channel.name)).message.headers
    text = {"number": "3", "truth": "1", "falsehood": "", "roles": '["a","b"]', "map": '{"a":1}'}
    assert {name: received[name] for name in TYPED} == text


def test_acknowledged_messages_never_come_again(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(2))
    receiver = channel.receiver(channel.name)
    channels.drain(receiver, 1)
    receiver.close()
    assert _payloads(channels.drain(channel.receiver(channel.name), 1)) == [b"1"]


def test_a_released_message_is_the_next_one(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(2))
    receiver = channel.receiver(channel.name)
    channels.next(receiver).release()
    assert _payloads(channels.drain(receiver, 2)) == [b"0", b"1"]


def test_released_again_and_again_nothing_is_lost(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(3))
    receiver = channel.receiver(channel.name)
    channels.drain(receiver, 1)
    for _ in range(5):
        channels.next(receiver).release()
    assert _payloads(channels.drain(receiver, 2)) == [b"1", b"2"]


def test_a_rejected_message_never_comes_again(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(2))
    receiver = channel.receiver(channel.name)
    channels.next(receiver).reject()
    receiver.pause()
    receiver.close()
    assert _payloads(channels.drain(channel.receiver(channel.name), 1)) == [b"1"]


@pytest.mark.parametrize("first", ["acknowledge", "release", "reject"])
@pytest.mark.parametrize("second", ["acknowledge", "release", "reject"])
def test_a_message_is_settled_once(channels: ChannelsUnderTest, first: str, second: str) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(1))
    delivery = channels.next(channel.receiver(channel.name))
    getattr(delivery, first)()
    with pytest.raises(AlreadySettled, match=delivery.message.message_id):
        getattr(delivery, second)()


def test_what_was_not_settled_comes_again(channels: ChannelsUnderTest) -> None:
    channel = channels.open(1)
    channel.send(channels.messages(2))
    receiver = channel.receiver(channel.name)
    in_hand = channels.next(receiver)
    receiver.close()
    first, second = channels.drain(channel.receiver(channel.name), 2)
    assert first.message_id == in_hand.message.message_id
    assert second.payload == b"1"


def test_nothing_is_held_back_after_a_pause(channels: ChannelsUnderTest) -> None:
    channels.needs("competing_consumers")
    channel = channels.open(1)
    channel.send(channels.messages(3))
    receiver = channel.receiver(channel.name)
    channels.drain(receiver, 1)
    receiver.pause()
    receiver.close()
    assert _payloads(channels.drain(channel.receiver(channel.name), 2)) == [b"1", b"2"]


def test_receivers_of_one_endpoint_share_the_messages(channels: ChannelsUnderTest) -> None:
    channels.needs("competing_consumers")
    channel = channels.open(4)
    sent = [channels.with_headers(b"{}", {PARTITION_TARGET_KEY: str(number)}) for number in range(40)]
    channel.send(sent)
    receivers = [channel.receiver(channel.name) for _ in range(2)]
    _join(channels, receivers)
    received: list[str] = []
    deadline = Deadline.after(channels.patience_seconds)
    while len(received) < len(sent):
        took = [delivery for receiver in receivers if (delivery := receiver.receive(0.05)) is not None]
        assert took or not deadline.expired, f"{len(received)} of {len(sent)} came in time"
        for delivery in took:
            delivery.acknowledge()
            received.append(delivery.message.message_id)
    assert sorted(received) == sorted(message.message_id for message in sent)


def test_another_endpoint_sees_everything_from_the_beginning(channels: ChannelsUnderTest) -> None:
    channels.needs("independent_groups")
    channel = channels.open(1)
    channel.send(channels.messages(3))
    assert len(channels.drain(channel.receiver(channel.name), 3)) == 3
    assert _payloads(channels.drain(channel.receiver("another"), 3)) == [b"0", b"1", b"2"]


def _join(channels: ChannelsUnderTest, receivers: list[Receiver]) -> None:
    deadline = Deadline.after(channels.patience_seconds)
    while [receiver for receiver in receivers if not receiver.join(0.05)]:
        assert not deadline.expired, "the receivers did not agree on their shares"
