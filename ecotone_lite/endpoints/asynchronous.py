"""Splits a handler from its caller: the message goes to a channel, with a slip that says who handles it there."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from ecotone_lite.channels.channel import PollableChannel
from ecotone_lite.conversion.conversion import Conversion
from ecotone_lite.definitions import EXECUTION_SUFFIX, HandlerDefinition
from ecotone_lite.errors import ConversionError
from ecotone_lite.handling.scope import Handling
from ecotone_lite.message import (
    DELIVERY_DELAY,
    ERROR_CHANNEL,
    POLLED_CHANNEL_NAME,
    REPLY_CHANNEL,
    ROUTING_SLIP,
    TIME_TO_LIVE,
    Headers,
    Message,
    routing_key_header,
)
from ecotone_lite.tracing import Happening, Tracer

__all__ = ["AsynchronousEndpoint", "OutboundChannel"]

_STAYS_IN_THE_PROCESS = frozenset({POLLED_CHANNEL_NAME, REPLY_CHANNEL, ERROR_CHANNEL, DELIVERY_DELAY, TIME_TO_LIVE})
_PLAIN = (str, int, float, bool)


class _Departure(NamedTuple):
    """A message as it was sent, and as it crosses the wire."""

    message: Message
    on_the_wire: Message


class OutboundChannel:
    """The sending side of a channel: payload and headers become what a wire can carry, before anything is sent."""

    def __init__(self, channel: PollableChannel, conversion: Conversion, handling: Handling, tracer: Tracer) -> None:
        self.name = channel.name
        self._channel = channel
        self._conversion = conversion
        self._handling = handling
        self._tracer = tracer

    def send(self, message: Message) -> None:
        """Send when what is going on has succeeded; raises ConversionError at once, and MessageNotSent."""
        self._handling.send(self, _Departure(message, self._written(message)))

    def deliver(self, departures: Sequence[_Departure]) -> None:
        self._channel.send([departure.on_the_wire for departure in departures])
        for message, _ in departures:
            self._tracer.record(Happening.SENT, message, channel=self.name, endpoint=_addressee(message))

    def _written(self, message: Message) -> Message:
        written = self._conversion.write(message)
        headers = {
            name: value if type(value) in _PLAIN else _as_json(name, value)
            for name, value in written.headers.items()
            if name not in _STAYS_IN_THE_PROCESS
        }
        return Message(written.payload, Headers.owning(headers))


class AsynchronousEndpoint:
    """Stands where the handler would be, and sends the message on its way through the handler's channels."""

    def __init__(
        self,
        definition: HandlerDefinition,
        channels: Sequence[OutboundChannel],
        prepare: Callable[[Message], Message],
    ) -> None:
        self.definition = definition
        self._first = channels[0]
        self._prepare = prepare
        self._key_header = routing_key_header(definition.kind)
        self._slip = ",".join([*(channel.name for channel in channels[1:]), definition.execution])

    def handle(self, message: Message) -> None:
        """Send it; there is no reply."""
        self._first.send(self._prepare(message).with_headers({ROUTING_SLIP: self._slip, self._key_header: None}))


def _addressee(message: Message) -> str | None:
    """The endpoint at the end of the routing slip."""
    slip: str = message.headers.get(ROUTING_SLIP, "")
    return slip.rpartition(",")[2].removesuffix(EXECUTION_SUFFIX) or None


def _as_json(name: str, value: Any) -> Any:
    """Lists, mappings, dates and ids as JSON knows them."""
    try:
        return msgspec.to_builtins(value, str_keys=True)
    except TypeError as error:
        raise ConversionError(f"header {name!r} cannot leave the process: {error}") from error
