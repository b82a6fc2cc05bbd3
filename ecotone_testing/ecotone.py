"""What a test is handed that follows the backend of the run."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from ecotone_lite import MessageChannel, ServiceConfiguration
from ecotone_lite.application import Dependencies
from ecotone_testing.backends.backend import Backend, Unsupported, missing_capabilities
from ecotone_testing.flow import FlowTestSupport
from ecotone_testing.outcome import Outcome, Status
from ecotone_testing.runner import bootstrap_flow, replay
from ecotone_testing.scenario import Scenario

__all__ = ["Ecotone"]


class Ecotone:
    """EcotoneLite's flow tests, and scenarios, on one backend; pytest's `ecotone` fixture is one.

    Closing it closes what it has bootstrapped. What the backend lacks raises Unsupported, which the fixture reports as
    a skip that names it.
    """

    def __init__(self, backend: Backend, *, seed: int = 0) -> None:
        self.backend = backend
        self.seed = seed
        self._opened = ExitStack()

    def requires(self, *capabilities: str) -> None:
        """Go on only where the backend has these; raises Unsupported, or ValueError for a name that is none."""
        lacking = missing_capabilities(self.backend, capabilities)
        if lacking:
            raise Unsupported(self.backend.name, lacking)

    def bootstrap_flow_testing(
        self,
        classes: Sequence[type[Any]],
        dependencies: Dependencies = (),
        *,
        configuration: ServiceConfiguration = ServiceConfiguration(),  # noqa: B008 - a value
        enable_asynchronous_processing: bool | Sequence[MessageChannel] = False,
        starting_at: datetime | None = None,
    ) -> FlowTestSupport:
        """What EcotoneLite.bootstrap_flow_testing gives, on this backend."""
        return bootstrap_flow(
            self.backend,
            classes,
            dependencies,
            configuration=configuration,
            enable_asynchronous_processing=enable_asynchronous_processing,
            starting_at=starting_at,
            seed=self.seed,
            keep_open=self._opened,
        )

    def replay(self, scenario: Scenario) -> Outcome:
        """Run a scenario; what it needs and the backend lacks raises Unsupported."""
        outcome = replay(scenario, self.backend, seed=self.seed)
        if outcome.status is Status.UNSUPPORTED:
            raise Unsupported(self.backend.name, outcome.missing)
        return outcome

    def close(self) -> None:
        """Close every flow, and remove what they left on brokers."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
