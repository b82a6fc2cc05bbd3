"""The channel ports over pika: durable queues, a confirm for each publish, and each delivery settled by hand."""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ecotone_lite.channels.channel import Delivery, MessageChannel, PollableChannel, Receiver, Transport
from ecotone_lite.channels.wire_headers import from_wire, travelling
from ecotone_lite.clock import Deadline
from ecotone_lite.errors import BrokerUnreachable, ConfigurationError, MessageNotSent
from ecotone_lite.message import CONTENT_TYPE, Message
from ecotone_lite.rabbitmq.channel import RabbitMqChannel
from ecotone_lite.rabbitmq.connection import RabbitMqConnection

try:
    import pika
    from pika.adapters.blocking_connection import BlockingChannel
    from pika.exceptions import AMQPError, NackError, UnroutableError
except ImportError as error:  # pragma: no cover - needs an environment without the client
    raise ConfigurationError("RabbitMQ needs its client; install it: pip install 'ecotone-lite[rabbitmq]'") from error

__all__ = ["RabbitMqTransport"]

_LOG = logging.getLogger("ecotone_lite.rabbitmq")
for _logger in (_LOG, logging.getLogger("pika")):
    _logger.addHandler(logging.NullHandler())
_CONNECT_SECONDS = 5.0
_DEFAULT_EXCHANGE = ""
_PERSISTENT = 2


class RabbitMqTransport(Transport):
    """Opens RabbitMQ channels on one broker, with one connection to publish and one to consume.

    `physical_name` translates the names of queues. A connection that was lost is made again when it is next needed.
    """

    def __init__(self, connection: RabbitMqConnection, *, physical_name: Callable[[str], str] = str) -> None:
        self._settings = connection
        self.physical_name = physical_name
        self._publishing: pika.BlockingConnection | None = None
        self._consuming: pika.BlockingConnection | None = None
        self._publisher: BlockingChannel | None = None
        self._declared: set[str] = set()
        self._made: set[str] = set()

    def open(self, declared: MessageChannel) -> PollableChannel:
        if not isinstance(declared, RabbitMqChannel):
            raise ConfigurationError(f"{declared.name} is a {type(declared).__name__}, not a channel of RabbitMQ")
        return _RabbitMqPollableChannel(declared, self)

    def publish(self, queue: str, messages: Sequence[Message]) -> None:
        """Publish these one by one, each confirmed; raises MessageNotSent with the broker's words."""
        with self.reaching_the_broker():
            publisher = self._confirming_publisher()
            self.declare(publisher, queue)
            for message in messages:
                _publish(publisher, queue, message)

    def consumer(self, queue: str, prefetch_count: int) -> BlockingChannel:
        """A channel of its own to consume from a queue; raises BrokerUnreachable."""
        if self._consuming is None or not self._consuming.is_open:
            self._consuming = self._connect()
        channel = self._consuming.channel()
        channel.basic_qos(prefetch_count=prefetch_count)
        self.declare(channel, queue)
        return channel

    def declare(self, channel: BlockingChannel, queue: str) -> None:
        if queue not in self._declared:
            channel.queue_declare(queue, durable=True)
            self._declared.add(queue)
            self._made.add(queue)

    @contextmanager
    def reaching_the_broker(self) -> Iterator[None]:
        """Tells a lost or refused connection as BrokerUnreachable."""
        try:
            yield
        except (AMQPError, OSError) as error:
            self._declared.clear()
            reason = str(error) or type(error).__name__
            raise BrokerUnreachable(f"RabbitMQ at {self._settings.address} does not answer: {reason}") from error

    def drop(self) -> None:
        """Close, and delete the queues that this transport declared; what fails is logged."""
        queues = sorted(self._made)
        try:
            with self.reaching_the_broker():
                for queue in queues:
                    self._confirming_publisher().queue_delete(queue)
        except BrokerUnreachable as unreachable:
            _LOG.info("%s were not deleted: %s", ", ".join(queues), unreachable)
        self.close()

    def close(self) -> None:
        for connection in (self._publishing, self._consuming):
            if connection is not None and connection.is_open:
                with suppress(AMQPError):
                    connection.close()
        self._publishing = self._consuming = None

    def _confirming_publisher(self) -> BlockingChannel:
        if self._publishing is None or not self._publishing.is_open:
            self._publishing = self._connect()
            self._publisher = None
        if self._publisher is None or not self._publisher.is_open:
            self._publisher = self._publishing.channel()
            self._publisher.confirm_delivery()
        return self._publisher

    def _connect(self) -> pika.BlockingConnection:
        parameters = pika.URLParameters(self._settings.url)
        parameters.socket_timeout = parameters.stack_timeout = _CONNECT_SECONDS
        parameters.blocked_connection_timeout = _CONNECT_SECONDS
        return pika.BlockingConnection(parameters)


def _publish(publisher: BlockingChannel, queue: str, message: Message) -> None:
    headers = travelling(message.headers)
    properties = pika.BasicProperties(
        headers=headers, content_type=headers.get(CONTENT_TYPE), delivery_mode=_PERSISTENT
    )
    try:
        publisher.basic_publish(_DEFAULT_EXCHANGE, queue, message.payload, properties, mandatory=True)
    except UnroutableError as error:
        raise MessageNotSent(f"RabbitMQ returned a message for {queue} as unroutable (312 NO_ROUTE)") from error
    except NackError as error:
        raise MessageNotSent(f"RabbitMQ rejected a message for {queue} (nack); see the log of the server") from error


class _RabbitMqPollableChannel(PollableChannel):
    def __init__(self, declared: RabbitMqChannel, transport: RabbitMqTransport) -> None:
        self.name = declared.name
        self._queue = transport.physical_name(declared.queue_name)
        self._prefetch_count = declared.prefetch_count
        self._transport = transport

    def send(self, messages: Sequence[Message]) -> None:
        if messages:
            self._transport.publish(self._queue, messages)

    def receiver(self, endpoint_id: str) -> Receiver:  # noqa: ARG002 - a queue is shared by all
        return _RabbitMqReceiver(self._queue, self._prefetch_count, self._transport)


class _RabbitMqReceiver(Receiver):
    """A consumer of a queue, subscribed from its first message to the end of a run."""

    def __init__(self, queue: str, prefetch_count: int, transport: RabbitMqTransport) -> None:
        self._queue = queue
        self._prefetch_count = prefetch_count
        self._transport = transport
        self._channel: BlockingChannel | None = None
        self._subscription: str | None = None
        self._arrived: deque[_RabbitMqDelivery] = deque()

    def receive(self, timeout: float = 0.0) -> Delivery | None:
        with self._transport.reaching_the_broker():
            channel = self._subscribed()
            deadline = Deadline.after(timeout)
            while not self._arrived:
                channel.connection.process_data_events(time_limit=deadline.remaining())
                if deadline.expired:
                    break
        return self._arrived.popleft() if self._arrived else None

    def pause(self) -> None:
        """Unsubscribe, and give back what was handed out ahead."""
        if self._channel is None or not self._channel.is_open or self._subscription is None:
            return
        with self._transport.reaching_the_broker():
            self._channel.basic_cancel(self._subscription)
            self._subscription = None
            while self._arrived:
                self._arrived.pop().release()

    def close(self) -> None:
        self._arrived.clear()
        if self._channel is not None and self._channel.is_open:
            with suppress(AMQPError):
                self._channel.close()
        self._channel = self._subscription = None

    def _subscribed(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            self._arrived.clear()
            self._channel = self._transport.consumer(self._queue, self._prefetch_count)
            self._subscription = None
        if self._subscription is None:
            self._subscription = self._channel.basic_consume(self._queue, self._on_message)
        return self._channel

    def _on_message(self, channel: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        message = _message(self._queue, method, properties, body)
        self._arrived.append(_RabbitMqDelivery(message, method.delivery_tag, channel, self._transport))


class _RabbitMqDelivery(Delivery):
    def __init__(self, message: Message, tag: int, channel: BlockingChannel, transport: RabbitMqTransport) -> None:
        self.message = message
        self._tag = tag
        self._channel = channel
        self._transport = transport

    def _acknowledge(self) -> None:
        with self._transport.reaching_the_broker():
            self._channel.basic_ack(self._tag)

    def _release(self) -> None:
        with self._transport.reaching_the_broker():
            self._channel.basic_reject(self._tag, requeue=True)

    def _reject(self) -> None:
        with self._transport.reaching_the_broker():
            self._channel.basic_reject(self._tag, requeue=False)


def _message(queue: str, method: Any, properties: Any, body: bytes) -> Message:
    headers = {name: value for name, value in (properties.headers or {}).items() if value is not None}
    if properties.content_type is not None:
        headers[CONTENT_TYPE] = properties.content_type
    return from_wire(body, headers, otherwise=properties.message_id or f"{queue}-{method.delivery_tag}")
