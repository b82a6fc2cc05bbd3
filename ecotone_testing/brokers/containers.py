"""Kafka and RabbitMQ as containers: which images, how they are told what to be, and when they are ready."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers.engine import (
    LOOPBACK,
    Container,
    Engine,
    EngineError,
    Order,
    PortTaken,
    free_port,
    open_engine,
)
from ecotone_testing.brokers.provider import Broker, BrokerAddress
from ecotone_testing.brokers.round_trip import NoAnswer, wait_until_it_answers

__all__ = [
    "SECONDS_TO_START",
    "BrokerContainer",
    "address_of",
    "image_for",
    "launch",
    "start_container",
    "stop_container",
    "wait_until_ready",
]

SECONDS_TO_START = 60.0
"""How long a container has to get ready, its image being there."""
_BROKER_LABEL = "ecotone-lite.broker"
_ADDRESS_LABEL = "ecotone-lite.address"
_PORTS_TO_TRY = 5


def image_for(engine: Engine, broker: Broker) -> str:
    """The first image that will do and is here, or else what a registry gives; raises EngineError."""
    recipe = _RECIPES[broker]
    asked = os.environ.get(recipe.variable)
    images = (asked,) if asked else recipe.images
    for image in images:
        if engine.has_image(image):
            return image
    engine.pull(images[0])
    return images[0]


def launch(engine: Engine, broker: Broker, name: str, labels: Mapping[str, str]) -> None:
    """Start a new container, which then needs a while to get ready; raises NameTaken or EngineError."""
    image = image_for(engine, broker)
    for _ in range(_PORTS_TO_TRY):
        try:
            return engine.run(_order(broker, image, name, labels))
        except PortTaken:
            continue
    raise EngineError(f"{_PORTS_TO_TRY} ports were free, and each was taken a moment later")


def wait_until_ready(engine: Engine, name: str, deadline: Deadline) -> BrokerAddress:
    """The address of a container, once a message went there and back; raises EngineError with the end of its log."""
    container = engine.find(name)
    if container is None:
        raise EngineError(f"there is no container {name}")
    address = address_of(container)
    try:
        wait_until_it_answers(address, deadline, lambda: _runs(engine, name))
    except NoAnswer as reason:
        words = engine.last_words(name)
        raise EngineError(f"container {name} does not answer ({reason})\n{name} said last:\n{words}") from reason
    return address


def address_of(container: Container) -> BrokerAddress:
    """Where a container of ours is reached; raises EngineError for one that is not ours."""
    try:
        broker, address = container.labels[_BROKER_LABEL], container.labels[_ADDRESS_LABEL]
    except KeyError as missing:
        raise EngineError(f"container {container.name} was not started by Ecotone Lite") from missing
    return BrokerAddress(Broker(broker), address, f"container {container.name}")


@dataclass(frozen=True)
class BrokerContainer:
    """A container that was started and is ready."""

    name: str
    address: BrokerAddress


def start_container(broker: Broker) -> BrokerContainer:
    """A container for one run; raises EngineError, and has removed it then."""
    name = f"ecotone-{broker}-{secrets.token_hex(3)}"
    with open_engine() as engine:
        launch(engine, broker, name, {})
        try:
            return BrokerContainer(name, wait_until_ready(engine, name, Deadline.after(SECONDS_TO_START)))
        except BaseException:
            engine.remove(name)
            raise


def stop_container(name: str) -> None:
    """Stop and remove a container, with its data; raises EngineError."""
    with open_engine() as engine:
        engine.remove(name)


def _runs(engine: Engine, name: str) -> bool:
    container = engine.find(name)
    return container is not None and container.running


@dataclass(frozen=True)
class _Setup:
    """What a broker is told by the environment of its container, and where it is reached then."""

    environment: Mapping[str, str]
    address: str


def _kafka(host_port: int) -> _Setup:
    """One node that is all there is of the cluster; clients on this machine come in by the listener HOST."""
    address = f"{LOOPBACK}:{host_port}"
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "HOST://:9092,BROKER://localhost:19092,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"HOST://{address},BROKER://localhost:19092",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "HOST:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    return _Setup(environment, address)


def _rabbitmq(host_port: int) -> _Setup:
    """A user of its own: RabbitMQ's `guest` may come in from the inside of the container only."""
    password = secrets.token_hex(8)
    environment = {"RABBITMQ_DEFAULT_USER": "ecotone", "RABBITMQ_DEFAULT_PASS": password}
    return _Setup(environment, f"amqp://ecotone:{password}@{LOOPBACK}:{host_port}/%2F")


@dataclass(frozen=True)
class _Recipe:
    """`images`: those that will do, the public one first; `variable`: where another one is asked for by name."""

    images: tuple[str, ...]
    variable: str
    port: int
    setup: Callable[[int], _Setup]


_RECIPES = {
    Broker.KAFKA: _Recipe(("apache/kafka:4.1.1", "ecotone/kafka:4.1.1"), "ECOTONE_KAFKA_IMAGE", 9092, _kafka),
    Broker.RABBITMQ: _Recipe(("rabbitmq:4.0", "ecotone/rabbitmq:4.0"), "ECOTONE_RABBITMQ_IMAGE", 5672, _rabbitmq),
}


def _order(broker: Broker, image: str, name: str, labels: Mapping[str, str]) -> Order:
    recipe, host_port = _RECIPES[broker], free_port()
    setup = recipe.setup(host_port)
    ours = {_BROKER_LABEL: broker.value, _ADDRESS_LABEL: setup.address}
    return Order(image, name, recipe.port, host_port, setup.environment, {**labels, **ours})
