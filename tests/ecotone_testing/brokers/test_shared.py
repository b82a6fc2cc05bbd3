"""One container per run, whatever its processes do."""

import subprocess
import sys
from pathlib import Path

import pytest

from ecotone_testing.brokers.containers import BrokerContainer
from ecotone_testing.brokers.engine import EngineError
from ecotone_testing.brokers.provider import Broker, BrokerAddress, BrokerUnavailable
from ecotone_testing.brokers.shared import SharedBrokers

PROCESS = """
import os, sys
from pathlib import Path
from ecotone_testing.brokers.containers import BrokerContainer
from ecotone_testing.brokers.provider import Broker, BrokerAddress
from ecotone_testing.brokers.shared import SharedBrokers

folder, end = Path(sys.argv[1]), sys.argv[2]

def start(broker):
    with (folder / "started").open("a") as started:
        started.write(f"{os.getpid()}\\n")
    return BrokerContainer("box", BrokerAddress(broker, f"127.0.0.1:{os.getpid()}", "container box"))

def stop(name):
    with (folder / "stopped").open("a") as stopped:
        stopped.write(f"{name}\\n")

brokers = SharedBrokers(folder / "shared", start, stop)
print(brokers.get(Broker.KAFKA).address, flush=True)
sys.stdin.read()
if end == "dies":
    os._exit(1)
if end == "closes":
    brokers.close()
"""


class Engine:
    """Starts and stops by writing it down."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def start(self, broker: Broker) -> BrokerContainer:
        name = f"box-{sum(line.startswith('start') for line in self.log) + 1}"
        self.log.append(f"start {name}")
        return BrokerContainer(name, BrokerAddress(broker, f"amqp://ann:S3cret@{name}", f"container {name}"))

    def stop(self, name: str) -> None:
        self.log.append(f"stop {name}")

    def refuse(self, broker: Broker) -> BrokerContainer:
        self.log.append("refuse")
        raise EngineError("no room\nthe log")


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_nothing_starts_before_it_is_asked_for(tmp_path: Path, engine: Engine) -> None:
    SharedBrokers(tmp_path / "shared", engine.start, engine.stop).close()
    assert engine.log == []
    assert not (tmp_path / "shared").exists()


def test_the_first_starts_all_share_and_the_last_one_stops(tmp_path: Path, engine: Engine) -> None:
    first, second = (SharedBrokers(tmp_path, engine.start, engine.stop) for _ in range(2))
    assert first.get(Broker.RABBITMQ) == second.get(Broker.RABBITMQ) == first.get(Broker.RABBITMQ)
    first.close()
    assert engine.log == ["start box-1"]
    second.close()
    second.close()
    assert engine.log == ["start box-1", "stop box-1"]


def test_after_the_last_one_the_next_starts_anew(tmp_path: Path, engine: Engine) -> None:
    brokers = SharedBrokers(tmp_path, engine.start, engine.stop)
    brokers.get(Broker.RABBITMQ)
    brokers.close()
    assert "box-2" in brokers.get(Broker.RABBITMQ).address
    brokers.close()
    assert engine.log == ["start box-1", "stop box-1", "start box-2", "stop box-2"]


def test_brokers_are_shared_one_by_one(tmp_path: Path, engine: Engine) -> None:
    brokers = SharedBrokers(tmp_path, engine.start, engine.stop)
    assert brokers.get(Broker.RABBITMQ) != brokers.get(Broker.KAFKA)
    brokers.close()
    assert engine.log == ["start box-1", "start box-2", "stop box-2", "stop box-1"]


def test_what_was_refused_once_is_not_tried_by_the_others(tmp_path: Path, engine: Engine) -> None:
    for _ in range(3):
        with pytest.raises(BrokerUnavailable, match="no room"):
            SharedBrokers(tmp_path, engine.refuse, engine.stop).get(Broker.KAFKA)
    assert engine.log == ["refuse"]


def test_the_record_with_the_password_is_for_its_owner_only(tmp_path: Path, engine: Engine) -> None:
    brokers = SharedBrokers(tmp_path, engine.start, engine.stop)
    brokers.get(Broker.RABBITMQ)
    (record,) = [path for path in tmp_path.rglob("*") if path.is_file() and "S3cret" in path.read_text()]
    assert record.stat().st_mode & 0o077 == 0
    brokers.close()


def test_many_processes_at_once_get_the_same_container(tmp_path: Path) -> None:
    processes = [run(tmp_path, "closes") for _ in range(4)]
    addresses = {address_of(process) for process in processes}
    assert len(addresses) == len(lines(tmp_path / "started")) == 1
    assert lines(tmp_path / "stopped") == []
    for process in processes:
        end(process)
    assert lines(tmp_path / "stopped") == ["box"]


@pytest.mark.parametrize("ending", ["dies", "ends"])
def test_a_process_that_ends_without_leaving_does_not_keep_the_container(tmp_path: Path, ending: str) -> None:
    careless, careful = run(tmp_path, ending), run(tmp_path, "closes")
    assert address_of(careless) == address_of(careful)
    end(careless)
    assert lines(tmp_path / "stopped") == []
    end(careful)
    assert lines(tmp_path / "stopped") == ["box"]


def test_a_process_that_ends_without_closing_closes(tmp_path: Path) -> None:
    process = run(tmp_path, "ends")
    address_of(process)
    end(process)
    assert lines(tmp_path / "stopped") == ["box"]


def run(folder: Path, ending: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROCESS, str(folder), ending]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
