"""Compares two traces of one scenario: whether the same things happened, in the order that both channels promise."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from ecotone_lite.channels.partition_key import partition_key
from ecotone_lite.message import POLLED_CHANNEL_NAME, Message
from ecotone_lite.tracing import Happening
from ecotone_testing.trace.record import TraceRecord, named, payload_label
from ecotone_testing.trace.trace import Trace

__all__ = ["differences"]

_PARTITION = "kafka_partition"
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")


class _Fact(NamedTuple):
    """Something that happened, without what differs from run to run: ids, times, and the order among strangers."""

    service: str
    happening: Happening
    place: str
    message: str

    def sentence(self, shown: Mapping[str, str]) -> str:
        at = f" {'on' if self.happening in _ON_CHANNELS else 'by'} {self.place}" if self.place else ""
        return f"{shown[self.message]} {self.happening}{at} in {self.service}"


_ON_CHANNELS = (
    Happening.SENT,
    Happening.RECEIVED,
    Happening.ACKNOWLEDGED,
    Happening.RELEASED,
    Happening.REJECTED,
)


class _Line(NamedTuple):
    """Where an order is promised: an endpoint that serves a channel, and a key where the channel has several lines."""

    service: str
    endpoint: str
    channel: str
    key: str | None

    def __str__(self) -> str:
        return f"{self.endpoint} from {self.channel}" + (f" for key {self.key}" if self.key else "")


def differences(reference: Trace, other: Trace, names: tuple[str, str]) -> list[str]:
    """Sentences that tell what happened in one trace and not in the other; none when they agree.

    Ids and times are left out of the comparison. The order of handling is compared line by line: over all messages of
    a channel, or key by key where one of the two channels has several partitions. `names` are the backends' names.
    """
    ours, theirs = _Reading(reference), _Reading(other)
    by_key = ours.partitioned | theirs.partitioned
    return [
        *_different_counts(ours, theirs, names),
        *_different_orders(ours, theirs, ours.lines(by_key), theirs.lines(by_key), names),
    ]


class _Reading:
    """A trace, read for comparison."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._identity = _identities(trace)
        self.shown = {identity: payload_label(message) for identity, message in _firsts(trace, self._identity)}
        self.facts = Counter(self._fact(record) for record in trace)
        self.partitioned = _partitioned(trace)

    def lines(self, by_key: frozenset[str]) -> dict[_Line, list[str]]:
        """What was handled in each line, in order."""
        lines: dict[_Line, list[str]] = defaultdict(list)
        for record in self._trace:
            channel = record.message.headers.get(POLLED_CHANNEL_NAME)
            if record.happening is Happening.HANDLED and channel is not None:
                key = self._key(record.message) if channel in by_key else None
                line = _Line(record.service, record.endpoint or "", channel, key)
                lines[line].append(self._identity[record.message_id])
        return lines

    def _key(self, message: Message) -> str:
        key = partition_key(message.headers)
        return self._identity.get(key, key)

    def _fact(self, record: TraceRecord) -> _Fact:
        place = record.subject or record.endpoint or record.channel or ""
        if record.happening is Happening.SENT and record.channel:
            place = f"{record.channel} for {record.endpoint}" if record.endpoint else record.channel
        error = f" with {type(record.error).__name__}" if record.error is not None else ""
        return _Fact(record.service, record.happening, place + error, self._identity[record.message_id])


def _identities(trace: Trace) -> dict[str, str]:
    """For each message id a name that is the same in every run: what it says, what caused it, and which of several."""
    identities: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for record in trace:
        if record.message_id not in identities:
            cause = identities.get(record.caused_by or "", "")
            said = f"{cause}/{_content(record.message)}"
            seen[said] += 1
            identities[record.message_id] = sha256(f"{said}#{seen[said]}".encode()).hexdigest()
    return identities


def _firsts(trace: Trace, identities: Mapping[str, str]) -> Iterator[tuple[str, Message]]:
    for record in reversed(trace):
        yield identities[record.message_id], record.message


def _content(message: Message) -> str:
    """The payload as text, without ids and times."""
    try:
        text = msgspec.json.encode(message.payload, order="sorted").decode()
    except (TypeError, msgspec.MsgspecError):
        text = named(message.payload)
    return _TIME.sub("<time>", _ID.sub("<id>", f"{type(message.payload).__name__} {text}"))


def _partitioned(trace: Trace) -> frozenset[str]:
    """The channels whose messages came from more than one partition."""
    partitions: dict[str, set[object]] = defaultdict(set)
    for record in trace.received():
        partitions[record.channel or ""].add(record.message.headers.get(_PARTITION))
    return frozenset(channel for channel, found in partitions.items() if len(found) > 1)


def _different_counts(ours: _Reading, theirs: _Reading, names: tuple[str, str]) -> Iterator[str]:
    shown = {**theirs.shown, **ours.shown}
    for fact in dict.fromkeys((*ours.facts, *theirs.facts)):
        here, there = ours.facts[fact], theirs.facts[fact]
        if here != there:
            yield f"{fact.sentence(shown)}: {here} times in {names[0]}, {there} times in {names[1]}"


def _different_orders(
    ours: _Reading,
    theirs: _Reading,
    here: Mapping[_Line, Sequence[str]],
    there: Mapping[_Line, Sequence[str]],
    names: tuple[str, str],
) -> Iterator[str]:
    """Lines in which the same messages were handled in another order; those with other messages were told before."""
    for line in (line for line in here if line in there):
        if here[line] != there[line] and Counter(here[line]) == Counter(there[line]):
            first, second = next(pair for pair in zip(here[line], there[line], strict=True) if pair[0] != pair[1])
            yield (
                f"order at {line}: {ours.shown[first]} came first in {names[0]}, {theirs.shown[second]} in {names[1]}"
            )
