"""Whether a broker answers: a message goes there and comes back, and nothing is left behind."""

import logging
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers.provider import Broker, BrokerAddress

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

__all__ = ["NoAnswer", "make_round_trip", "wait_until_it_answers"]

_Settings = dict[str, str | int | float | bool]

_Place = tuple[str, int]

_KAFKA_PORT = 9092
_LEAST_SECONDS = 0.1
_SECONDS_OF_ONE_TRY = 10.0
_SECONDS_BETWEEN_TRIES = 0.1
_NO_AMQP_URL = "the address is no URL such as amqp://user:password@host:5672/%2F"
_MESSAGE = b"there and back"


class NoAnswer(Exception):
    """A broker did not answer, or not as it should; the message is the reason."""


class NeverAnswers(NoAnswer):
    """It is of no use to try again."""


def wait_until_it_answers(
    address: BrokerAddress, deadline: Deadline, can_still_come: Callable[[], bool] = lambda: True
) -> None:
    """Try again and again; raises NoAnswer with the last reason at the deadline, or when it cannot come any more."""
    while True:
        try:
            return make_round_trip(address, deadline)
        except NeverAnswers:
            raise
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
        raise NeverAnswers("confluent-kafka is not installed: pip install 'ecotone-lite[kafka]'") from missing
    _knock(_places(servers), within)
    name = f"ecotone-round-trip-{secrets.token_hex(4)}"
    connection: _Settings = {"bootstrap.servers": servers, "log_level": 0, "reconnect.backoff.max.ms": 200}
    try:
        _through_topic(name, AdminClient(connection), connection, within)
    except (KafkaException, TimeoutError) as error:
        raise NoAnswer(_reason(error)) from error


def _knock(places: Iterable[_Place], within: Deadline) -> None:
    """Raises NoAnswer at once if nobody listens at any; clients would try until their time is up."""
    reasons = [_why_not_listening(place, within) for place in places]
    if all(reasons):
        raise NoAnswer("; ".join(dict.fromkeys(filter(None, reasons))))


def _why_not_listening(place: _Place, within: Deadline) -> str:
    try:
        socket.create_connection(place, max(within.remaining(), _LEAST_SECONDS)).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _places(servers: str) -> list[_Place]:
    try:
        parts = [urlsplit(server if "//" in server else f"//{server.strip()}") for server in servers.split(",")]
        return [(part.hostname or "localhost", part.port or _KAFKA_PORT) for part in parts]
    except ValueError:
        raise NeverAnswers("the address is not of the form host:port,host:port") from None


def _through_topic(name: str, admin: "AdminClient", connection: _Settings, within: Deadline) -> None:
    from confluent_kafka.cimpl import NewTopic

    seconds = {"request_timeout": max(within.remaining(), _LEAST_SECONDS)}
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
        raise NeverAnswers("pika is not installed: pip install 'ecotone-lite[rabbitmq]'") from missing
    try:
        with _quiet("pika"):
            _through_queue(url, within)
    except (AMQPError, OSError) as error:
        raise NoAnswer(_reason(error)) from error


def _through_queue(url: str, within: Deadline) -> None:
    from pika import BlockingConnection

    parameters = _parameters(url, within)
    _knock([(parameters.host, parameters.port)], within)
    connection = BlockingConnection(parameters)
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

    if not url.startswith(("amqp://", "amqps://")):
        raise NeverAnswers(_NO_AMQP_URL)
    try:
        parameters = URLParameters(url)
    except (ValueError, TypeError):  # what it says may quote the password
        raise NeverAnswers(_NO_AMQP_URL) from None
    parameters.socket_timeout = parameters.blocked_connection_timeout = max(within.remaining(), _LEAST_SECONDS)
    parameters.stack_timeout = max(within.remaining(), _LEAST_SECONDS)
    parameters.connection_attempts = 1
    return parameters


def _check(received: bytes | None) -> None:
    if received != _MESSAGE:
        raise NoAnswer("a message did not come back in time")


def _reason(error: BaseException) -> str:
    """The innermost words of an error: clients wrap them in their own."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return str(error) or type(error).__name__


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
