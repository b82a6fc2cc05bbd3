"""Throughput of the Kafka and RabbitMQ channels against bare loops over the same clients, with the same guarantees.

ECOTONE_KAFKA_BOOTSTRAP_SERVERS=... ECOTONE_AMQP_URL=... python -m benchmarks.broker_channels
"""

import os
from collections.abc import Callable
from statistics import median

import pika
from confluent_kafka import Consumer, Producer, TopicPartition

from ecotone_lite import Message
from ecotone_lite.channels.channel import PollableChannel
from ecotone_lite.clock import Stopwatch, SystemClock
from ecotone_lite.identity import RandomIds
from ecotone_lite.kafka import KafkaBrokerConfiguration, KafkaChannel
from ecotone_lite.kafka.adapter import KafkaTransport
from ecotone_lite.kafka.clients import KafkaClients
from ecotone_lite.message import MessageFactory
from ecotone_lite.rabbitmq import RabbitMqChannel, RabbitMqConnection
from ecotone_lite.rabbitmq.adapter import RabbitMqTransport

ROUNDS = 5
BATCH = 5000
SINGLE = 300
PAYLOAD = b'{"order_id": "6f2c9a0e", "product": "milk", "amount": 3}'

CLOCK = SystemClock()
IDS = RandomIds(CLOCK)
Loop = Callable[[], None]


def messages(amount: int) -> list[Message]:
    factory = MessageFactory(CLOCK, IDS)
    metadata = {"contentType": "application/json", "routingSlip": "orders.place.target.execute", "tenant": "a"}
    return [factory.create(PAYLOAD, metadata) for _ in range(amount)]


def seconds(loop: Loop) -> float:
    stopwatch = Stopwatch()
    loop()
    return stopwatch.seconds()


def compare(name: str, amount: int, ours: Callable[[], Loop], bare: Callable[[], Loop]) -> None:
    """Both in turn, some rounds; each is prepared before its clock runs."""
    pairs = [(seconds(ours()), seconds(bare())) for _ in range(ROUNDS)]
    our_rate, bare_rate = (amount / median(column) for column in zip(*pairs, strict=True))
    ratio = median(bare_seconds / our_seconds for our_seconds, bare_seconds in pairs)
    print(f"{name:<44}{our_rate:>12,.0f}{bare_rate:>12,.0f}{ratio:>9.0%}")


def send_all(channel: PollableChannel, batches: list[list[Message]]) -> Loop:
    def loop() -> None:
        for batch in batches:
            channel.send(batch)

    return loop


def receive_all(channel: PollableChannel, amount: int) -> Loop:
    """A loop over so many messages that are there already; the first one is taken before the clock runs."""
    channel.send(messages(amount + 1))
    receiver = channel.receiver(channel.name)
    while (first := receiver.receive(0.1)) is None:
        pass
    first.acknowledge()

    def loop() -> None:
        for _ in range(amount):
            while (delivery := receiver.receive(1.0)) is None:
                pass
            delivery.acknowledge()
        receiver.close()

    return loop


class OnKafka:
    """Our channel and the bare clients, on topics of their own."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._clients = KafkaClients(KafkaBrokerConfiguration(servers.split(",")))
        self._producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "acks": "all"})
        headers = {name: str(value) for name, value in messages(1)[0].headers.items()}
        self._headers: list[tuple[str, str | bytes | None]] = list(headers.items())

    def new_channel(self) -> tuple[PollableChannel, str]:
        topic = f"benchmark.{IDS.new_id()}"
        channel = KafkaTransport(self._clients).open(KafkaChannel(topic))
        channel.send(messages(1))
        return channel, topic

    def ours_sends(self, batches: int, size: int) -> Loop:
        channel, _ = self.new_channel()
        return send_all(channel, [messages(size) for _ in range(batches)])

    def bare_sends(self, batches: int, size: int) -> Loop:
        _, topic = self.new_channel()
        reports: list[object] = []
        self._producer.produce(topic, PAYLOAD)
        self._producer.flush()

        def loop() -> None:
            for _ in range(batches):
                for _ in range(size):
                    self._producer.produce(
                        topic,
                        PAYLOAD,
                        IDS.new_id(),
                        headers=[*self._headers],
                        on_delivery=lambda *of: reports.append(of),
                    )
                self._producer.flush()
            if len(reports) != batches * size:
                raise AssertionError

        return loop

    def ours_receives(self, amount: int) -> Loop:
        return receive_all(self.new_channel()[0], amount)

    def bare_receives(self, amount: int) -> Loop:
        channel, topic = self.new_channel()
        channel.send(messages(amount))
        options = {"bootstrap.servers": self._servers, "group.id": topic, "auto.offset.reset": "earliest"}
        consumer = Consumer({**options, "enable.auto.commit": False})
        consumer.subscribe([topic])
        while consumer.poll(0.1) is None:
            pass

        def loop() -> None:
            for _ in range(amount):
                while (record := consumer.poll(1.0)) is None:
                    pass
                place = TopicPartition(topic, record.partition() or 0, (record.offset() or 0) + 1)
                consumer.commit(offsets=[place], asynchronous=False)
            consumer.close()

        return loop


def kafka(servers: str) -> None:
    on = OnKafka(servers)
    at_once, one_by_one = (1, BATCH), (SINGLE, 1)
    name = "Kafka: send at once, all delivery reports"
    compare(name, BATCH, lambda: on.ours_sends(*at_once), lambda: on.bare_sends(*at_once))
    name = "Kafka: send one by one, each confirmed"
    compare(name, SINGLE, lambda: on.ours_sends(*one_by_one), lambda: on.bare_sends(*one_by_one))
    name = "Kafka: receive, commit each"
    compare(name, SINGLE, lambda: on.ours_receives(SINGLE), lambda: on.bare_receives(SINGLE))


def rabbitmq(url: str) -> None:
    transport = RabbitMqTransport(RabbitMqConnection(url))
    connection = pika.BlockingConnection(pika.URLParameters(url))
    publisher = connection.channel()
    publisher.confirm_delivery()
    consumer = connection.channel()
    consumer.basic_qos(prefetch_count=1)
    headers = dict(messages(1)[0].headers)

    def fresh() -> tuple[PollableChannel, str]:
        queue = f"benchmark.{IDS.new_id()}"
        channel = transport.open(RabbitMqChannel(queue))
        channel.send(messages(1))
        publisher.queue_purge(queue)
        return channel, queue

    def ours_sends() -> Loop:
        channel, _ = fresh()
        return send_all(channel, [messages(1) for _ in range(SINGLE)])

    def bare_sends() -> Loop:
        _, queue = fresh()

        def loop() -> None:
            for _ in range(SINGLE):
                properties = pika.BasicProperties(
                    headers=dict(headers), content_type="application/json", delivery_mode=2
                )
                publisher.basic_publish("", queue, PAYLOAD, properties, mandatory=True)

        return loop

    def bare_receives() -> Loop:
        channel, queue = fresh()
        channel.send(messages(SINGLE))

        def loop() -> None:
            for received, (method, _, _) in enumerate(consumer.consume(queue), start=1):
                consumer.basic_ack(method.delivery_tag)
                if received == SINGLE:
                    break
            consumer.cancel()

        return loop

    compare("RabbitMQ: publish, each confirmed", SINGLE, ours_sends, bare_sends)
    compare("RabbitMQ: receive, acknowledge each", SINGLE, lambda: receive_all(fresh()[0], SINGLE), bare_receives)
    transport.drop()
    connection.close()


def main() -> None:
    """Measure against the brokers that the environment names."""
    print(f"{'':<44}{'ours/s':>12}{'bare/s':>12}{'ratio':>9}")
    servers, url = os.environ.get("ECOTONE_KAFKA_BOOTSTRAP_SERVERS"), os.environ.get("ECOTONE_AMQP_URL")
    if servers:
        kafka(servers)
    if url:
        rabbitmq(url)


if __name__ == "__main__":
    main()
