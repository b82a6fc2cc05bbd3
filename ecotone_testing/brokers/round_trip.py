"""Whether a broker answers: a message goes there and comes back, and nothing is left behind."""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers.provider import Broker, BrokerAddress

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

__all__ = ["NoAnswer", "make_round_trip", "wait_until_it_answers"]

_Settings = dict[str, str | int | float | bool]

_SECONDS_OF_ONE_TRY = 10.0
_SECONDS_BETWEEN_TRIES = 0.1
_MESSAGE = b"there and back"


class NoAnswer(Exception):
    """A broker did not answer, or not as it should; the message is the reason."""


def wait_until_it_answers(
    address: BrokerAddress, deadline: Deadline, can_still_come: Callable[[], bool] = lambda: True
) -> None:
    """Try again and again; raises NoAnswer with the last reason at the deadline, or when it cannot come any more."""
    while True:
        try:
            return make_round_trip(address, deadline)
        except NoAnswer:
            if deadline.expired or not can_still_come():
                raise
        deadline.pause(_SECONDS_BETWEEN_TRIES)


def make_round_trip(address: BrokerAddress, deadline: Deadline) -> None:
    """Declare, send, receive and delete, once; raises NoAnswer."""
    within = Deadline.after(min(_SECONDS_OF_ONE_TRY, deadline.remaining()))
    _ROUND_TRIPS[address.broker](address.address, within)


def _over_kafka(servers: str, within: Deadline) -> None:
    try:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient
    except ImportError as missing:
        raise NoAnswer("confluent-kafka is not installed: pip install 'ecotone-lite[kafka]'") from missing
    name = f"ecotone-round-trip-{secrets.token_hex(4)}"
    connection: _Settings = {"bootstrap.servers": servers, "log_level": 0, "reconnect.backoff.max.ms": 200}
    try:
        _through_topic(name, AdminClient(connection), connection, within)
    except (KafkaException, TimeoutError) as error:
        raise NoAnswer(_reason(error)) from error


def _through_topic(name: str, admin: "AdminClient", connection: _Settings, within: Deadline) -> None:
    from confluent_kafka.cimpl import NewTopic

    seconds = {"request_timeout": max(within.remaining(), 0.1)}
    admin.create_topics([NewTopic(name, 1, 1)], **seconds)[name].result(within.remaining() + 1)
    try:
        # The coordinator of groups begins its work when it is asked for; a consumer that asks first waits for seconds.
        admin.describe_consumer_groups([name], **seconds)[name].result(within.remaining() + 1)
        _produce(name, connection, within)
        _consume(name, connection, within)
    finally:
        admin.delete_topics([name], **seconds)[name].result(within.remaining() + 1)
    admin.delete_consumer_groups([name], **seconds)[name].exception(within.remaining() + 1)


def _produce(topic: str, connection: _Settings, within: Deadline) -> None:
    from confluent_kafka import Producer

    producer = Producer(connection)
    producer.produce(topic, _MESSAGE)
    if producer.flush(within.remaining()):
        raise NoAnswer("it did not take a message in time")


def _consume(topic: str, connection: _Settings, within: Deadline) -> None:
    from confluent_kafka import Consumer

    consumer = Consumer({**connection, "group.id": topic, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    try:
        received = consumer.poll(within.remaining())
    finally:
        consumer.close()
    _check(None if received is None or received.error() else received.value())


def _over_rabbitmq(url: str, within: Deadline) -> None:
    try:
        from pika.exceptions import AMQPError
    except ImportError as missing:
        raise NoAnswer("pika is not installed: pip install 'ecotone-lite[rabbitmq]'") from missing
    try:
        with _quiet("pika"):
            _through_queue(url, within)
    except (AMQPError, OSError) as error:
        raise NoAnswer(_reason(error)) from error


def _through_queue(url: str, within: Deadline) -> None:
    from pika import BlockingConnection

    connection = BlockingConnection(_parameters(url, within))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.basic_publish("", queue, _MESSAGE, mandatory=True)
        _, _, received = channel.basic_get(queue, auto_ack=True)
        channel.queue_delete(queue)
    finally:
        connection.close()
    _check(received)


def _parameters(url: str, within: Deadline) -> Any:
    from pika import URLParameters

    try:
        parameters = URLParameters(url)
    except (ValueError, TypeError):  # what it says may quote the password
        raise NoAnswer("the address is no URL such as amqp://user:password@host:5672/%2F") from None
    parameters.socket_timeout = parameters.blocked_connection_timeout = max(within.remaining(), 0.1)
    parameters.stack_timeout = max(within.remaining(), 0.1)
    parameters.connection_attempts = 1
    return parameters


def _check(received: bytes | None) -> None:
    if received != _MESSAGE:
        raise NoAnswer("a message did not come back in time")


def _reason(error: BaseException) -> str:
    """The deepest words of an error: clients wrap them in their own."""
    words = [str(part) or type(part).__name__ for part in error.args] or [type(error).__name__]
    return f"{type(error).__name__}: {words[0]}"


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a client from telling about every try in vain, which for us is no news."""
    log = logging.getLogger(name)
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


_ROUND_TRIPS = {Broker.KAFKA: _over_kafka, Broker.RABBITMQ: _over_rabbitmq}
