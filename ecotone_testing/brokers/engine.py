"""What is needed of this machine's Docker engine, in a few verbs."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ecotone_lite.errors import EcotoneError

__all__ = [
    "LOOPBACK",
    "Container",
    "Engine",
    "EngineError",
    "NameTaken",
    "Order",
    "PortTaken",
    "free_port",
    "open_engine",
]

LOOPBACK = "127.0.0.1"
_ON_THIS_MACHINE = {"localhost", "localnpipe", LOOPBACK, "::1"}
_WORDS_FOR_A_TAKEN_PORT = ("port is already allocated", "address already in use")
_ANY_VERSION = "1.44"
_NOT_INSTALLED = "testcontainers is not installed: pip install 'ecotone-lite[containers]'"
_NOT_FOUND = 404
_CONFLICT = 409


class EngineError(EcotoneError):
    """No engine answers, or it refused; the message tells which."""


class ContainerGone(EngineError):
    """There is no container of this name, or not much longer."""


class NameTaken(EngineError):
    """There is a container of this name already."""


class PortTaken(EngineError):
    """Somebody else has the port of this machine by now."""


@dataclass(frozen=True)
class Order:
    """A container to run: `port` inside it is reached at `host_port` of this machine, and from nowhere else."""

    image: str
    name: str
    port: int
    host_port: int
    environment: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Container:
    """A container as it was when the engine was asked."""

    name: str
    image: str
    running: bool
    labels: Mapping[str, str]


@contextmanager
def open_engine() -> Iterator["Engine"]:
    """The engine, while the block lasts; raises EngineError when none answers, and for whatever it refuses."""
    with _told_as_engine_errors():
        client = _connect()
        try:
            yield Engine(client)
        finally:
            client.close()


class Engine:
    """Docker, by the client that testcontainers brings."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def has_image(self, image: str) -> bool:
        """Whether the image is here, without asking a registry."""
        return bool(self._client.images.list(image))

    def pull(self, image: str) -> None:
        """Get an image from its registry; raises EngineError when that does not give it."""
        try:
            with _told_as_engine_errors():
                self._client.images.pull(image)
        except EngineError as error:
            raise EngineError(f"the image {image} is not here and cannot be pulled ({error})") from error

    def run(self, order: Order) -> None:
        """Start a new container that outlives this process; raises NameTaken, PortTaken or EngineError."""
        from testcontainers.core.container import DockerContainer

        container = (
            DockerContainer(order.image)
            .with_name(order.name)
            .with_envs(**order.environment)
            .with_kwargs(labels=dict(order.labels), network="bridge")
        )
        container.ports[f"{order.port}/tcp"] = (LOOPBACK, order.host_port)  # type: ignore[assignment] # Docker's own form
        try:
            with _told_as_engine_errors(), _without_reaper():
                container.start()
        except BaseException:
            container.stop()
            raise
        container.get_docker_client().client.close()

    def find(self, name: str) -> Container | None:
        """The container of this name, running or not."""
        return next((found for found in self._list({"name": f"^/?{name}$"}) if found.name == name), None)

    def labelled(self, label: str) -> tuple[Container, ...]:
        """All containers with this label, running or not, by name."""
        return tuple(sorted(self._list({"label": label}), key=lambda container: container.name))

    def start(self, name: str) -> None:
        """Start one that was stopped; nothing happens to one that runs."""
        with _told_as_engine_errors():
            self._client.containers.get(name).start()

    def remove(self, name: str) -> None:
        """Stop and remove one, with its data; nothing happens if it is gone."""
        with suppress(ContainerGone), _told_as_engine_errors():
            self._client.containers.get(name).remove(force=True, v=True)

    def last_words(self, name: str, lines: int = 15) -> str:
        """The end of what a container said."""
        with _told_as_engine_errors():
            said: bytes = self._client.containers.get(name).logs(tail=lines)
        return said.decode(errors="replace").rstrip()

    def _list(self, filters: Mapping[str, str]) -> list[Container]:
        found = self._client.containers.list(all=True, filters=dict(filters), ignore_removed=True)
        return [_snapshot(container) for container in found]


def free_port() -> int:
    """A port of this machine that nobody had a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _snapshot(container: Any) -> Container:
    attributes = container.attrs
    return Container(container.name, attributes["Config"]["Image"], container.status == "running", container.labels)


def _connect() -> Any:
    try:
        from testcontainers.core.docker_client import DockerClient
    except ImportError as missing:
        raise EngineError(_NOT_INSTALLED) from missing
    untried = DockerClient(version=_ANY_VERSION).client  # a version being given, it asks the engine nothing yet
    try:
        _check_place(untried.api)
    finally:
        untried.close()
    return DockerClient().client


def _check_place(api: Any) -> None:
    """Docker's client says at length when nobody is there, and leaves a socket open, which is a warning in a test."""
    url = urlsplit(api.base_url)
    if url.hostname not in _ON_THIS_MACHINE:
        raise EngineError(f"the Docker engine is on another machine ({url.hostname}), and containers answer only there")
    path = getattr(api.get_adapter(api.base_url), "socket_path", None)
    try:
        _knock(path, url.port)
    except OSError as error:
        raise EngineError(f"no Docker engine answers at {path or url.netloc} ({error.strerror})") from error


def _knock(path: str | None, port: int | None) -> None:
    if path is not None:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
    elif port is not None:
        socket.create_connection((LOOPBACK, port)).close()


@contextmanager
def _without_reaper() -> Iterator[None]:
    """The reaper of testcontainers ends a container with the process that started it; others may still need ours."""
    from testcontainers.core.config import testcontainers_config

    before = testcontainers_config.ryuk_disabled
    testcontainers_config.ryuk_disabled = True
    try:
        yield
    finally:
        testcontainers_config.ryuk_disabled = before


@contextmanager
def _told_as_engine_errors() -> Iterator[None]:
    try:
        from docker.errors import APIError, DockerException  # type: ignore[import-untyped]
        from requests import RequestException
    except ImportError as missing:
        raise EngineError(_NOT_INSTALLED) from missing
    try:
        yield
    except APIError as refused:
        raise _refusal(refused.status_code, str(refused.explanation or refused)) from refused
    except (DockerException, RequestException) as silent:
        raise EngineError(f"no Docker engine answers ({silent})") from silent


def _refusal(status: int | None, words: str) -> EngineError:
    if status == _CONFLICT and "name" in words:
        return NameTaken(words)
    if status == _NOT_FOUND or (status == _CONFLICT and "already in progress" in words):
        return ContainerGone(words)
    if any(known in words for known in _WORDS_FOR_A_TAKEN_PORT):
        return PortTaken(words)
    return EngineError(words)
