"""The trace of a run: its records in order, questions to ask it, and the page a person reads."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import overload

from ecotone_lite.message import Message
from ecotone_lite.tracing import Happening, Tracer
from ecotone_testing.trace.record import TraceRecord, payload_label

__all__ = ["Trace"]

_PROMISES = {Happening.SENT: 1, Happening.ACKNOWLEDGED: -1, Happening.REJECTED: -1}


class Trace(Sequence[TraceRecord]):
    """Everything that happened, numbered, over all services of a run; it never drains, and str() is a page."""

    def __init__(self) -> None:
        self._records: list[TraceRecord] = []
        self._outstanding: Counter[str] = Counter()

    def tracer(self, service: str) -> Tracer:
        """Writes what happens in a service into this trace."""
        return _Recorder(service, self._records, self._outstanding)

    @overload
    def __getitem__(self, index: int) -> TraceRecord: ...
    @overload
    def __getitem__(self, index: slice) -> "Sequence[TraceRecord]": ...
    def __getitem__(self, index: int | slice) -> "TraceRecord | Sequence[TraceRecord]":
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[TraceRecord]:
        return iter(self._records)

    def select(
        self,
        happening: Happening,
        what: object = None,
        *,
        by: str | None = None,
        channel: str | None = None,
    ) -> list[TraceRecord]:
        """The records of one kind: about a payload (class, equal one, routing key), at an endpoint, on a channel."""
        return [
            record
            for record in self._records
            if record.happening is happening
            and (by is None or record.endpoint == by)
            and (channel is None or record.channel == channel)
            and (what is None or record.is_about(what))
        ]

    def sent(self, what: object = None, *, to: str | None = None) -> list[TraceRecord]:
        """What went to the command bus or the query bus, or, with `to`, to a channel."""
        return [record for record in self.select(Happening.SENT, what, channel=to) if to or record.channel is None]

    def published(self, what: object = None) -> list[TraceRecord]:
        """What went to the event bus."""
        return self.select(Happening.PUBLISHED, what)

    def handled(self, what: object = None, *, by: str | None = None) -> list[TraceRecord]:
        """What a handler, or the one with this endpoint id, has handled to its end."""
        return self.select(Happening.HANDLED, what, by=by)

    def failed(self, what: object = None, *, by: str | None = None) -> list[TraceRecord]:
        """What a handler raised on."""
        return self.select(Happening.FAILED, what, by=by)

    def saved(self, what: object = None) -> list[TraceRecord]:
        """The messages for which an aggregate was stored; `subject` names it."""
        return self.select(Happening.SAVED, what)

    def received(self, channel: str | None = None, what: object = None) -> list[TraceRecord]:
        """What consumers took from a channel; payloads are bytes, as they crossed the wire."""
        return self.select(Happening.RECEIVED, what, channel=channel)

    def acknowledged(self, channel: str | None = None, what: object = None) -> list[TraceRecord]:
        """What a channel was told to forget."""
        return self.select(Happening.ACKNOWLEDGED, what, channel=channel)

    def released(self, channel: str | None = None, what: object = None) -> list[TraceRecord]:
        """What went back to its channel."""
        return self.select(Happening.RELEASED, what, channel=channel)

    def rejected(self, channel: str | None = None, what: object = None) -> list[TraceRecord]:
        """What was given up."""
        return self.select(Happening.REJECTED, what, channel=channel)

    def outstanding(self, channel: str) -> int:
        """How many deliveries are promised to a channel and not settled."""
        return self._outstanding[channel]

    def in_flight(self) -> list[TraceRecord]:
        """For each delivery that is promised and not settled, the record of its sending."""
        open_deliveries: dict[tuple[str | None, str, str | None], list[TraceRecord]] = {}
        for record in self._records:
            if record.channel is None or record.happening not in _PROMISES:
                continue
            delivery = (record.channel, record.message_id, record.message.headers.get("routingSlip"))
            if record.happening is Happening.SENT:
                open_deliveries.setdefault(delivery, []).append(record)
            elif open_deliveries.get(delivery):
                open_deliveries[delivery].pop(0)
        return [record for records in open_deliveries.values() for record in records]

    def story(self, record: TraceRecord) -> list[TraceRecord]:
        """All that happened to the message of this record, and to the messages that caused it, in order."""
        parents = {each.message_id: each.caused_by for each in self._records}
        chain = {record.message_id}
        cause = record.caused_by
        while cause is not None and cause not in chain:
            chain.add(cause)
            cause = parents.get(cause)
        return [each for each in self._records if each.message_id in chain]

    def lines(self, records: Sequence[TraceRecord] | None = None) -> list[str]:
        """The page: a line for each of these records, or for all, with its number, cause and effect."""
        first_seen: dict[str, int] = {}
        for record in self._records:
            first_seen.setdefault(record.message_id, record.sequence)
        chosen = self._records if records is None else records
        return [_line(record, first_seen, several=self._has_several_services()) for record in chosen]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _has_several_services(self) -> bool:
        return any(record.service != self._records[0].service for record in self._records)


class _Recorder:
    """Numbers what happens, and counts what is promised to each channel and not settled."""

    def __init__(self, service: str, records: list[TraceRecord], outstanding: Counter[str]) -> None:
        self._service = service
        self._records = records
        self._outstanding = outstanding

    def record(
        self,
        happening: Happening,
        message: Message,
        *,
        channel: str | None = None,
        endpoint: str | None = None,
        error: BaseException | None = None,
        subject: str | None = None,
    ) -> None:
        records = self._records
        records.append(
            TraceRecord(len(records) + 1, happening, self._service, message, channel, endpoint, error, subject)
        )
        if channel is not None:
            self._outstanding[channel] += _PROMISES.get(happening, 0)


def _line(record: TraceRecord, first_seen: dict[str, int], *, several: bool) -> str:
    where = f"{record.service}: " if several else ""
    cause = first_seen.get(record.caused_by or "")
    because = f"  (because of #{cause})" if cause else ""
    number = f"#{record.sequence}"
    return f"{number:<6}{record.happening:<13}{where}{payload_label(record.message)}{_place(record)}{because}"


def _place(record: TraceRecord) -> str:
    if record.happening is Happening.SENT:
        return _destination(record)
    if record.happening is Happening.SAVED:
        return f" -> {record.subject}"
    if record.channel is not None:
        return f" {'from' if record.happening is Happening.RECEIVED else 'on'} {record.channel}"
    key = f" as {record.routing_key}" if record.routing_key and record.endpoint is None else ""
    endpoint = f" by {record.endpoint}" if record.endpoint else ""
    raised = f": {type(record.error).__name__}: {record.error}" if record.error is not None else ""
    return f"{key}{endpoint}{raised}"


def _destination(record: TraceRecord) -> str:
    if record.channel is None:
        return f" as {record.routing_key}" if record.routing_key else ""
    return f" -> {record.channel}" + (f" for {record.endpoint}" if record.endpoint else "")
