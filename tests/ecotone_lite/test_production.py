"""An application as it goes to production: its channels where its configuration says."""

from dataclasses import dataclass, field

import pytest

from ecotone_lite import (
    EcotoneLite,
    ExecutionPollingMetadata,
    MessageChannel,
    QueueChannel,
    ServiceConfiguration,
    asynchronous,
    command_handler,
)
from ecotone_lite.clock import SystemClock
from ecotone_lite.errors import BrokerUnreachable, MessageNotSent, UnknownChannel, UnknownEndpoint
from ecotone_lite.identity import RandomIds
from ecotone_lite.kafka import KafkaBrokerConfiguration, KafkaChannel
from ecotone_lite.kafka.clients import KafkaClients
from ecotone_lite.rabbitmq import RabbitMqChannel, RabbitMqConnection
from ecotone_lite.rabbitmq.adapter import RabbitMqTransport

NOBODY = "localhost:1"
ALL_THAT_IS_THERE = ExecutionPollingMetadata(finish_when_no_messages=True)


@dataclass
class Mail:
    sent: list[str] = field(default_factory=list)
    failures_left: int = 0

    @asynchronous("mail")
    @command_handler("mail.send", endpoint_id="mail.send")
    def send(self, to: str) -> None:
        if self.failures_left:
            self.failures_left -= 1
            raise ConnectionError(to)
        self.sent.append(to)


@pytest.fixture
def unique_name() -> str:
    return f"mail.{RandomIds(SystemClock()).new_id()}"


def configured(*extensions: object) -> ServiceConfiguration:
    return ServiceConfiguration().with_extension_objects(*extensions)


def test_a_queue_in_memory() -> None:
    system = EcotoneLite.bootstrap([Mail], configuration=configured(QueueChannel("mail")))
    system.command_bus.send_with_routing_key("mail.send", "ann")
    assert system.get_service(Mail).sent == []
    system.run("mail", ALL_THAT_IS_THERE)
    assert system.get_service(Mail).sent == ["ann"]
    assert system.list() == ["mail"]


def test_a_failing_message_is_sent_again_to_the_end_and_the_worker_goes_on() -> None:
    mail = Mail(failures_left=2)
    system = EcotoneLite.bootstrap([Mail], [mail], configuration=configured(QueueChannel("mail")))
    for to in ("ann", "bob", "cid"):
        system.command_bus.send_with_routing_key("mail.send", to)
    system.run("mail", ALL_THAT_IS_THERE)
    assert mail.sent == ["cid", "ann", "bob"]


def test_stopping_on_error_gives_the_message_back() -> None:
    mail = Mail(failures_left=1)
    system = EcotoneLite.bootstrap([Mail], [mail], configuration=configured(QueueChannel("mail")))
    system.command_bus.send_with_routing_key("mail.send", "ann")
    with pytest.raises(ConnectionError, match="ann"):
        system.run("mail", ExecutionPollingMetadata(stop_on_error=True, finish_when_no_messages=True))
    system.run("mail", ALL_THAT_IS_THERE)
    assert mail.sent == ["ann"]


def test_a_channel_that_nobody_declared_is_refused() -> None:
    with pytest.raises(UnknownChannel, match=r"Mail\.send.*'mail'.*Channel\('mail'\)"):
        EcotoneLite.bootstrap([Mail])


def test_an_endpoint_that_does_not_exist_is_named_with_the_nearest() -> None:
    system = EcotoneLite.bootstrap([Mail], configuration=configured(QueueChannel("mail")))
    with pytest.raises(UnknownEndpoint, match=r"'mial'.*'mail'"):
        system.run("mial")


@pytest.mark.parametrize(
    ("channel", "address", "named"),
    [
        (KafkaChannel("mail"), KafkaBrokerConfiguration([NOBODY]), rf"Kafka at {NOBODY}"),
        (RabbitMqChannel("mail"), RabbitMqConnection(f"amqp://user:secret@{NOBODY}/"), rf"RabbitMQ at {NOBODY}"),
    ],
)
def test_a_broker_is_asked_for_nothing_until_it_is_needed_and_then_named(
    channel: MessageChannel, address: object, named: str, capfd: pytest.CaptureFixture[str]
) -> None:
    system = EcotoneLite.bootstrap([Mail], configuration=configured(channel, address))
    with pytest.raises(BrokerUnreachable, match=named) as raised:
        system.command_bus.send_with_routing_key("mail.send", "ann")
    assert "secret" not in str(raised.value)
    assert capfd.readouterr() == ("", "")  # what the clients log goes to logging


def test_a_topic_on_kafka(kafka_bootstrap_servers: str, unique_name: str) -> None:
    broker = KafkaBrokerConfiguration(kafka_bootstrap_servers.split(","))
    channel = KafkaChannel("mail", topic=unique_name, message_group_id=unique_name)
    system = EcotoneLite.bootstrap([Mail], configuration=configured(channel, broker))
    system.command_bus.send_with_routing_key("mail.send", "ann")
    system.run("mail", ExecutionPollingMetadata(handled_message_limit=1))
    assert system.get_service(Mail).sent == ["ann"]
    system.close()
    KafkaClients(broker).delete([unique_name], [unique_name])


def test_an_oversized_message_is_refused_by_kafka(kafka_bootstrap_servers: str, unique_name: str) -> None:
    broker = KafkaBrokerConfiguration(kafka_bootstrap_servers.split(","))
    system = EcotoneLite.bootstrap([Mail], configuration=configured(KafkaChannel("mail", topic=unique_name), broker))
    with pytest.raises(MessageNotSent, match=rf"{unique_name}.*too large"):
        system.command_bus.send_with_routing_key("mail.send", "x" * 2_000_000)
    KafkaClients(broker).delete([unique_name], [])


def test_a_queue_on_rabbitmq(amqp_url: str, unique_name: str) -> None:
    broker = RabbitMqConnection(amqp_url)
    system = EcotoneLite.bootstrap([Mail], configuration=configured(RabbitMqChannel("mail", queue=unique_name), broker))
    system.command_bus.send_with_routing_key("mail.send", "ann")
    system.run("mail", ExecutionPollingMetadata(handled_message_limit=1))
    assert system.get_service(Mail).sent == ["ann"]
    system.close()
    cleaner = RabbitMqTransport(broker)
    cleaner.open(RabbitMqChannel(unique_name)).receiver(unique_name).receive()
    cleaner.drop()
