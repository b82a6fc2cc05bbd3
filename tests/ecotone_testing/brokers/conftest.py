"""Environments without anything, engines and images where they can be had, and names that no other run uses."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from ecotone_testing.brokers import standing
from ecotone_testing.brokers.containers import image_for
from ecotone_testing.brokers.engine import Engine, EngineError, open_engine
from ecotone_testing.brokers.external import ExternalBrokers, brokers_are_required
from ecotone_testing.brokers.provider import ADDRESS_VARIABLES, Broker, BrokerUnavailable


@pytest.fixture
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names no broker."""
    for variable in ADDRESS_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Docker."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


@pytest.fixture
def engine() -> Iterator[Engine]:
    """A Docker engine with an image of each broker; without them a skip, or a failure where brokers are required and
    no addresses are given.
    """
    try:
        with open_engine() as engine:
            for broker in Broker:
                image_for(engine, broker)
            yield engine
    except EngineError as error:
        _give_up(BrokerUnavailable(Broker.KAFKA, [str(error)]))


@pytest.fixture
def docker(engine: Engine) -> Iterator[Any]:
    """The engine's own client, for what the engine's few verbs do not do."""
    from testcontainers.core.docker_client import DockerClient

    client = DockerClient().client
    yield client
    client.close()


@pytest.fixture
def dying_image(engine: Engine, docker: Any) -> Iterator[str]:
    """An image whose containers say a word and end."""
    image = f"ecotone-test/dying:{secrets.token_hex(3)}"
    container = docker.containers.create(image_for(engine, Broker.RABBITMQ))
    container.commit(*image.split(":"), changes='CMD ["sh", "-c", "echo I cannot live; exit 3"]')
    container.remove(v=True)
    yield image
    docker.images.remove(image, force=True)


@pytest.fixture
def names(engine: Engine) -> Iterator[str]:
    """What standing brokers are called in one test, which leaves none behind."""
    names = f"ecotone-test-{secrets.token_hex(3)}"
    yield names
    standing.down(names=names)


def _give_up(reason: BrokerUnavailable) -> None:
    if brokers_are_required() and not all(ExternalBrokers().knows(broker) for broker in Broker):
        pytest.fail(str(reason))
    pytest.skip(str(reason))
