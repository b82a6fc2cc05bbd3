"""Brokers that stay up between runs: what `ecotone brokers up|status|down` do. Only the engine knows their state."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers.containers import SECONDS_TO_START, address_of, launch, wait_until_ready
from ecotone_testing.brokers.engine import Container, Engine, EngineError, NameTaken, PortTaken, open_engine
from ecotone_testing.brokers.provider import Broker, BrokerAddress, BrokerProvider, BrokerUnavailable
from ecotone_testing.brokers.round_trip import NoAnswer, make_round_trip

__all__ = ["StandingBroker", "StandingBrokers", "down", "status", "up"]

_NAMES = "ecotone"
_LABEL = "ecotone-lite.standing"
_SECONDS_TO_ANSWER = 10.0


@dataclass(frozen=True)
class StandingBroker:
    """How one broker stands: `running` says the engine, `answers` says the broker, by a round trip just made."""

    broker: Broker
    container: str
    image: str
    address: BrokerAddress
    running: bool
    answers: bool


def up(brokers: Iterable[Broker] = tuple(Broker), *, names: str = _NAMES) -> tuple[StandingBroker, ...]:
    """Start what does not run yet, and wait until all of them answer; they outlive this process until `down`.

    May be done again, and by several at once. `names`: what the names of the containers begin with. Raises
    BrokerUnavailable, with the end of the container's log if it started and does not answer.
    """
    brokers = tuple(brokers)
    for broker in brokers:
        with _engine_for(broker) as engine:
            _ensure_started(engine, broker, names)
    deadline = Deadline.after(SECONDS_TO_START)
    for broker in brokers:
        with _engine_for(broker) as engine:
            wait_until_ready(engine, _name(names, broker), deadline)
    return tuple(standing for standing in status(names=names) if standing.broker in brokers)


def status(*, names: str = _NAMES) -> tuple[StandingBroker, ...]:
    """Those that were put up and not taken down; raises EngineError."""
    with open_engine() as engine:
        return tuple(_seen(container) for container in _standing(engine, names))


def down(*, names: str = _NAMES) -> tuple[str, ...]:
    """Remove what was put up, with its data, and give the names of the containers; raises EngineError."""
    with open_engine() as engine:
        removed = tuple(container.name for container in _standing(engine, names))
        for name in removed:
            engine.remove(name)
        return removed


class StandingBrokers(BrokerProvider):
    """Uses what was put up before, and leaves it standing."""

    def __init__(self, *, names: str = _NAMES) -> None:
        self._names = names

    def get(self, broker: Broker) -> BrokerAddress:
        name = _name(self._names, broker)
        with _engine_for(broker) as engine:
            container = engine.find(name)
            if container is None or not container.running:
                raise EngineError(f"container {name} does not run (`ecotone brokers up` starts it)")
            return wait_until_ready(engine, name, Deadline.after(_SECONDS_TO_ANSWER))

    def close(self) -> None:
        """They stay."""


def _ensure_started(engine: Engine, broker: Broker, names: str) -> None:
    name = _name(names, broker)
    found = engine.find(name)
    if found is None:
        with suppress(NameTaken):  # somebody else is doing the same
            return launch(engine, broker, name, {_LABEL: names})
    else:
        address_of(found)
    try:
        engine.start(name)
    except PortTaken:
        engine.remove(name)
        launch(engine, broker, name, {_LABEL: names})


def _seen(container: Container) -> StandingBroker:
    address = address_of(container)
    answers = container.running and _answers(address)
    return StandingBroker(address.broker, container.name, container.image, address, container.running, answers)


def _answers(address: BrokerAddress) -> bool:
    try:
        make_round_trip(address, Deadline.after(_SECONDS_TO_ANSWER))
    except NoAnswer:
        return False
    return True


def _standing(engine: Engine, names: str) -> tuple[Container, ...]:
    return engine.labelled(f"{_LABEL}={names}")


def _name(names: str, broker: Broker) -> str:
    return f"{names}-{broker}"


@contextmanager
def _engine_for(broker: Broker) -> Iterator[Engine]:
    try:
        with open_engine() as engine:
            yield engine
    except EngineError as error:
        raise BrokerUnavailable(broker, [str(error)]) from error
