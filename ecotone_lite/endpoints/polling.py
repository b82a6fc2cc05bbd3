"""A consumer: receives one message, has it handled, settles it, and knows when to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ecotone_lite.channels.channel import Delivery, PollableChannel
from ecotone_lite.clock import Clock
from ecotone_lite.errors import DeliveryLost, HandlerNotFound
from ecotone_lite.handling.scope import Handling
from ecotone_lite.message import POLLED_CHANNEL_NAME, ROUTING_SLIP, Message
from ecotone_lite.recovery.final_failure import FinalFailureStrategy
from ecotone_lite.tracing import Happening, Tracer

__all__ = ["ExecutionPollingMetadata", "PollingConsumer", "RunLimits"]

Stop = Callable[[Message], Any]


@dataclass(frozen=True)
class ExecutionPollingMetadata:
    """What limits one run of a consumer (Ecotone: ExecutionPollingMetadata). All limits hold together.

    `handled_message_limit`: messages; `execution_time_limit`: by the application's clock; None: no limit.
    `stop_on_error`: an error leaves the run, and its message goes back; `finish_when_no_messages`: wait for no more.
    """

    handled_message_limit: int | None = None
    execution_time_limit: timedelta | None = None
    stop_on_error: bool | None = None
    finish_when_no_messages: bool | None = None

    def over(self, defaults: "ExecutionPollingMetadata") -> "ExecutionPollingMetadata":
        """With the defaults where nothing is said."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return replace(defaults, **said)


class RunLimits:
    """Tells when a run has come to its limits."""

    def __init__(self, metadata: ExecutionPollingMetadata, clock: Clock) -> None:
        self._message_limit = metadata.handled_message_limit
        self._clock = clock
        self._ends: datetime | None = None
        if metadata.execution_time_limit is not None:
            self._ends = clock.now() + metadata.execution_time_limit
        self._handled = 0

    def count(self) -> None:
        """One more message was handled."""
        self._handled += 1

    @property
    def reached(self) -> bool:
        if self._message_limit is not None and self._handled >= self._message_limit:
            return True
        return self._ends is not None and self._clock.now() >= self._ends


class PollingConsumer:
    """Serves one endpoint: a channel, and the stops that the routing slips of its messages name."""

    def __init__(
        self,
        endpoint_id: str,
        channel: PollableChannel,
        *,
        stops: Mapping[str, Stop],
        handling: Handling,
        tracer: Tracer,
        on_failure: FinalFailureStrategy = FinalFailureStrategy.RESEND,
    ) -> None:
        self.endpoint_id = endpoint_id
        self.partitions = channel.partitions
        self._channel = channel
        self._receiver = channel.receiver(endpoint_id)
        self._stops = stops
        self._handling = handling
        self._tracer = tracer
        self._on_failure = on_failure

    def poll(self, *, timeout: float = 0.0, stop_on_error: bool = False) -> bool:
        """Receive and handle one message; False when none came within `timeout` (real seconds).

        An error of the handler leaves only with `stop_on_error`, or where the strategy is to stop.
        """
        delivery = self._receiver.receive(timeout)
        if delivery is None:
            return False
        self._record(Happening.RECEIVED, delivery.message)
        message = delivery.message.with_headers({POLLED_CHANNEL_NAME: self._channel.name})
        try:
            self._handling.of(message, self._follow_slip, collects=True)
        except Exception:
            strategy = FinalFailureStrategy.STOP if stop_on_error else self._on_failure
            self._settle_failed(delivery, strategy)
            if strategy is FinalFailureStrategy.STOP:
                raise
        else:
            self._acknowledge(delivery)
        return True

    def join(self, timeout: float = 0.0) -> bool:
        """Take a place among the consumers of this endpoint; see Receiver.join."""
        return self._receiver.join(timeout)

    def pause(self) -> None:
        """The end of a run."""
        self._receiver.pause()

    def close(self) -> None:
        self._receiver.close()

    def _follow_slip(self, message: Message) -> None:
        stop, _, rest = message.headers.get(ROUTING_SLIP, "").partition(",")
        handle = self._stops.get(stop)
        if handle is None:
            raise HandlerNotFound("asynchronous", stop or "(no routing slip)", known=self._stops)
        handle(message.with_headers({ROUTING_SLIP: rest or None}))

    def _acknowledge(self, delivery: Delivery) -> None:
        try:
            delivery.acknowledge()
        except DeliveryLost as lost:
            self._record(Happening.RELEASED, delivery.message, error=lost)
        else:
            self._record(Happening.ACKNOWLEDGED, delivery.message)

    def _settle_failed(self, delivery: Delivery, strategy: FinalFailureStrategy) -> None:
        if strategy is FinalFailureStrategy.RESEND:
            self._channel.send([delivery.message])
            self._record(Happening.SENT, delivery.message)
        if strategy in (FinalFailureStrategy.RESEND, FinalFailureStrategy.IGNORE):
            delivery.reject()
            self._record(Happening.REJECTED, delivery.message)
        else:
            delivery.release()
            self._record(Happening.RELEASED, delivery.message)

    def _record(self, happening: Happening, message: Message, error: BaseException | None = None) -> None:
        self._tracer.record(happening, message, channel=self._channel.name, error=error)
