"""Real containers: ready when a message came back, gone in the end, and telling when they fail."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers import standing
from ecotone_testing.brokers.choice import provider
from ecotone_testing.brokers.containers import image_for, launch, start_container, stop_container
from ecotone_testing.brokers.engine import Engine, EngineError, NameTaken, Order, PortTaken, free_port
from ecotone_testing.brokers.provider import Broker, BrokerUnavailable
from ecotone_testing.brokers.round_trip import make_round_trip
from ecotone_testing.brokers.shared import SharedBrokers

PATIENCE = 30.0


def test_containers_of_a_run_answer_and_are_gone_in_the_end(engine: Engine, tmp_path: Path) -> None:
    brokers = SharedBrokers(tmp_path)
    names = []
    try:
        for broker in Broker:
            address = brokers.get(broker)
            make_round_trip(address, Deadline.after(PATIENCE))
            names.append(address.origin.removeprefix("container "))
            assert "127.0.0.1" in address.address
    finally:
        brokers.close()
    assert len(names) == 2
    assert [engine.find(name) for name in names] == [None, None]


def test_standing_brokers_stand_until_they_are_taken_down(engine: Engine, names: str) -> None:
    up = standing.up(names=names)
    assert [found.container for found in up] == [f"{names}-kafka", f"{names}-rabbitmq"]
    assert all(found.running and found.answers for found in up)
    assert standing.up(names=names) == standing.status(names=names) == up
    assert standing.down(names=names) == (f"{names}-kafka", f"{names}-rabbitmq")
    assert standing.down(names=names) == ()
    assert standing.status(names=names) == ()


def test_two_who_put_up_the_same_broker_at_once_get_one(engine: Engine, names: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        several = list(pool.map(lambda _: standing.up([Broker.RABBITMQ], names=names), range(4)))
    assert len(set(several)) == 1
    assert all(found.answers for found in standing.status(names=names))


def test_a_standing_broker_that_was_stopped_is_seen_and_started_again(docker: Any, names: str) -> None:
    before = standing.up([Broker.RABBITMQ], names=names)
    docker.containers.get(f"{names}-rabbitmq").kill()
    (stopped,) = standing.status(names=names)
    assert (stopped.running, stopped.answers) == (False, False)
    with pytest.raises(BrokerUnavailable, match="does not run"):
        standing.StandingBrokers(names=names).get(Broker.RABBITMQ)
    assert standing.up([Broker.RABBITMQ], names=names) == before


def test_a_standing_broker_is_used_and_left_standing(engine: Engine, names: str) -> None:
    (up,) = standing.up([Broker.RABBITMQ], names=names)
    brokers = standing.StandingBrokers(names=names)
    assert brokers.get(Broker.RABBITMQ) == up.address
    brokers.close()
    assert standing.status(names=names) == (up,)
    with pytest.raises(BrokerUnavailable, match=f"container {names}-kafka does not run"):
        brokers.get(Broker.KAFKA)


@pytest.mark.usefixtures("no_address")
def test_a_run_without_an_address_gets_a_broker_all_the_same(engine: Engine) -> None:
    brokers = provider()
    try:
        make_round_trip(brokers.get(Broker.RABBITMQ), Deadline.after(PATIENCE))
    finally:
        brokers.close()


@pytest.mark.parametrize("broker", Broker)
def test_a_container_that_dies_is_removed_and_its_last_words_are_told(
    engine: Engine, dying_image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broker: Broker
) -> None:
    monkeypatch.setenv(f"ECOTONE_{broker.upper()}_IMAGE", dying_image)
    with pytest.raises(BrokerUnavailable) as unavailable:
        SharedBrokers(tmp_path).get(broker)
    sentence, said, words = str(unavailable.value).split("\n")
    assert "does not answer" in sentence
    assert words == "I cannot live"
    assert engine.find(said.removesuffix(" said last:")) is None


def test_an_image_that_cannot_be_had_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOTONE_KAFKA_IMAGE", "127.0.0.1:1/kafka:1")
    with pytest.raises(EngineError, match=r"the image 127\.0\.0\.1:1/kafka:1 is not here and cannot be pulled"):
        image_for(engine, Broker.KAFKA)


def test_a_name_is_given_once(engine: Engine, names: str) -> None:
    launch(engine, Broker.RABBITMQ, f"{names}-rabbitmq", {"ecotone-lite.standing": names})
    with pytest.raises(NameTaken):
        launch(engine, Broker.RABBITMQ, f"{names}-rabbitmq", {})


def test_a_port_is_given_once_and_what_did_not_get_it_is_gone(engine: Engine) -> None:
    first, second = (Order(image_for(engine, Broker.KAFKA), name(), 9092, free_port(), {}, {}) for _ in range(2))
    engine.run(first)
    try:
        with pytest.raises(PortTaken):
            engine.run(replace(second, host_port=first.host_port))
        assert engine.find(second.name) is None
    finally:
        engine.remove(first.name)
        engine.remove(first.name)


def test_a_container_that_is_not_ours_is_left_alone(docker: Any, engine: Engine, names: str) -> None:
    stranger = docker.containers.create(image_for(engine, Broker.RABBITMQ), name=f"{names}-rabbitmq")
    try:
        with pytest.raises(BrokerUnavailable, match="was not started by Ecotone Lite"):
            standing.up([Broker.RABBITMQ], names=names)
        assert standing.down(names=names) == ()
        assert engine.find(f"{names}-rabbitmq") is not None
    finally:
        stranger.remove()


def test_a_round_trip_leaves_nothing_behind(engine: Engine) -> None:
    from confluent_kafka.admin import AdminClient

    container = start_container(Broker.KAFKA)
    try:
        admin = AdminClient({"bootstrap.servers": container.address.address})
        assert set(admin.list_topics(timeout=PATIENCE).topics) == {"__consumer_offsets"}
        assert admin.list_consumer_groups().result(PATIENCE).valid == []
    finally:
        stop_container(container.name)


@pytest.mark.usefixtures("no_engine")
def test_standing_brokers_need_an_engine() -> None:
    for ask in (standing.status, standing.down):
        with pytest.raises(EngineError, match="no Docker engine answers"):
            ask()
    with pytest.raises(BrokerUnavailable, match="no Docker engine answers"):
        standing.up()


def name() -> str:
    return f"ecotone-test-{secrets.token_hex(3)}"
