"""One container of each broker per test run, shared by all its processes; the last one out removes it."""

import atexit
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

from ecotone_testing.brokers.containers import BrokerContainer, start_container, stop_container
from ecotone_testing.brokers.engine import EngineError
from ecotone_testing.brokers.provider import Broker, BrokerAddress, BrokerProvider, BrokerUnavailable

__all__ = ["SharedBrokers"]

_SECONDS_FOR_A_START_ELSEWHERE = 600.0


class SharedBrokers(BrokerProvider):
    """Starts what is asked for first, and joins what another process of the run has started.

    `folder` belongs to one run, and all its processes use the same. A process that died without leaving does not count.
    """

    def __init__(
        self,
        folder: Path,
        start: Callable[[Broker], BrokerContainer] = start_container,
        stop: Callable[[str], None] = stop_container,
    ) -> None:
        self._folder = folder
        self._start = start
        self._stop = stop
        self._shares: dict[Broker, _Share] = {}

    def get(self, broker: Broker) -> BrokerAddress:
        if broker not in self._shares:
            self._shares[broker] = self._join(broker)
            atexit.register(self.close)
        return self._shares[broker].container.address

    def close(self) -> None:
        """Leave; the last one stops what was started, or raises EngineError."""
        while self._shares:
            _, share = self._shares.popitem()
            share.leave(self._stop)
        atexit.unregister(self.close)

    def _join(self, broker: Broker) -> "_Share":
        try:
            return _Share.join(self._folder / broker, broker, self._start)
        except (EngineError, Timeout) as error:
            raise BrokerUnavailable(broker, [str(error)]) from error


class _Share:
    """This process's part in one container: a lock that it holds until it leaves or dies."""

    def __init__(self, folder: Path, container: BrokerContainer) -> None:
        self._folder = folder
        self._held = _lock(folder / f"{secrets.token_hex(4)}.share")
        self._held.acquire()
        self.container = container

    @classmethod
    def join(cls, folder: Path, broker: Broker, start: Callable[[Broker], BrokerContainer]) -> Self:
        """A part in what runs, or in what is started now; raises EngineError, at once if a start has failed before."""
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            return cls(folder, _recorded(folder, broker) or _begun(folder, broker, start))

    def leave(self, stop: Callable[[str], None]) -> None:
        """Give up this part; the last one stops the container."""
        with _alone_in(self._folder):
            self._held.release()
            if not any(_is_held(share) for share in self._folder.glob("*.share")):
                _record_of(self._folder).unlink()
                stop(self.container.name)


def _begun(folder: Path, broker: Broker, start: Callable[[Broker], BrokerContainer]) -> BrokerContainer:
    try:
        container = start(broker)
    except EngineError as error:
        _write(folder, {"refused": str(error)})  # nobody else of the run needs to try
        raise
    _write(folder, {"name": container.name, "address": container.address.address, "origin": container.address.origin})
    return container


def _recorded(folder: Path, broker: Broker) -> BrokerContainer | None:
    if not _record_of(folder).exists():
        return None
    record = json.loads(_record_of(folder).read_text())
    if "refused" in record:
        raise EngineError(record["refused"])
    return BrokerContainer(record["name"], BrokerAddress(broker, record["address"], record["origin"]))


def _write(folder: Path, record: dict[str, str]) -> None:
    _record_of(folder).touch(mode=0o600)  # an address has a password
    _record_of(folder).write_text(json.dumps(record))


def _record_of(folder: Path) -> Path:
    return folder / "container.json"


def _alone_in(folder: Path) -> BaseFileLock:
    return _lock(folder / "container.lock", _SECONDS_FOR_A_START_ELSEWHERE)


def _is_held(path: Path) -> bool:
    try:
        with _lock(path):
            return False
    except Timeout:
        return True


def _lock(path: Path, timeout: float = 0) -> BaseFileLock:
    return FileLock(path, timeout, thread_local=False)  # taken in a test's thread, given back by whoever ends the run
