"""Which broker a run gets."""

import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ecotone_testing.brokers.external import ExternalBrokers
from ecotone_testing.brokers.provider import Broker, BrokerAddress, BrokerProvider, BrokerUnavailable
from ecotone_testing.brokers.shared import SharedBrokers
from ecotone_testing.brokers.standing import StandingBrokers

__all__ = ["FirstThatHasOne", "provider"]


def provider(given: Mapping[Broker, str] | None = None, *, folder: Path | None = None) -> BrokerProvider:
    """An address that is given wins, by option or environment; then what was put up; else a container is started.

    `folder`: of this run alone, and the same in all its processes, which then share one container of each broker.
    Without it, a container belongs to this process. Nothing is done before the first `get`.
    """
    started = SharedBrokers(folder) if folder else _OwnBrokers()
    return FirstThatHasOne(ExternalBrokers(given), [StandingBrokers(), started])


class FirstThatHasOne(BrokerProvider):
    """Asks one source after the other, once for each broker; an address that was given is the only one asked."""

    def __init__(self, external: ExternalBrokers, sources: Sequence[BrokerProvider]) -> None:
        self._external = external
        self._sources = sources
        self._answers: dict[Broker, BrokerAddress | BrokerUnavailable] = {}

    def get(self, broker: Broker) -> BrokerAddress:
        if broker not in self._answers:
            self._answers[broker] = self._ask(broker)
        answer = self._answers[broker]
        if isinstance(answer, BrokerUnavailable):
            raise BrokerUnavailable(broker, answer.tried, answer.mend)
        return answer

    def close(self) -> None:
        for source in (self._external, *self._sources):
            source.close()
        self._answers.clear()

    def _ask(self, broker: Broker) -> BrokerAddress | BrokerUnavailable:
        if self._external.knows(broker):
            return _asked(self._external, broker)
        tried: list[str] = []
        for source in (self._external, *self._sources):
            answer = _asked(source, broker)
            if isinstance(answer, BrokerAddress):
                return answer
            tried += answer.tried
        return BrokerUnavailable(broker, dict.fromkeys(tried))


def _asked(source: BrokerProvider, broker: Broker) -> BrokerAddress | BrokerUnavailable:
    try:
        return source.get(broker)
    except BrokerUnavailable as reason:
        return reason


class _OwnBrokers(SharedBrokers):
    """Shared with nobody: its folder is made up, and goes away with it."""

    def __init__(self) -> None:
        self._home = Path(tempfile.gettempdir()) / f"ecotone-brokers-{secrets.token_hex(6)}"
        super().__init__(self._home)

    def close(self) -> None:
        super().close()
        shutil.rmtree(self._home, ignore_errors=True)
