"""Scenarios: the verbs of the flow, written down instead of done; values that know no backend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ecotone_lite import MessageChannel, ServiceConfiguration
from ecotone_testing.steps import Step, Verbs

__all__ = ["Scenario", "Service"]


@dataclass(frozen=True)
class Service:
    """A service as scenarios know it: always asynchronous, new for each run.

    Its channels are those listed here or in its configuration, and one of the backend's kind for each other name that
    its handlers mention. `dependencies` are classes, or callables without arguments: each run has its own instances.
    """

    name: str
    classes: Sequence[type[Any]]
    channels: Sequence[MessageChannel] = field(default=(), kw_only=True)
    dependencies: Sequence[Callable[[], object]] = field(default=(), kw_only=True)
    configuration: ServiceConfiguration = field(default_factory=ServiceConfiguration, kw_only=True)

    @property
    def full_configuration(self) -> ServiceConfiguration:
        """The configuration, with the channels in it."""
        return self.configuration.with_extension_objects(*self.channels)


@dataclass(frozen=True, init=False)
class Scenario(Verbs):
    """A named sequence of steps over one or more services; each verb gives another scenario with one more step.

    It can be run, printed, compared and replayed on any backend that has what it needs.
    """

    name: str
    services: tuple[Service, ...]
    steps: tuple[tuple[str, Step], ...]
    """The steps, each with the name of the service that acts."""
    acting: str
    needs: tuple[str, ...]

    def __init__(self, name: str, *services: Service) -> None:
        if not services:
            raise ValueError(f"scenario {name!r} has no service; give at least one")
        self._set(name=name, services=services, steps=(), acting=services[0].name, needs=())

    def on(self, service: str) -> Self:
        """From here on, this service acts, and is spoken of; raises ValueError for a name that none has."""
        names = [each.name for each in self.services]
        if service not in names:
            raise ValueError(f"scenario {self.name!r} has no service {service!r}; it has {', '.join(names)}")
        return self._with(acting=service)

    def requires(self, *capabilities: str) -> Self:
        """It runs only where these capabilities are; elsewhere it is reported as unsupported, with the name."""
        return self._with(needs=(*self.needs, *capabilities))

    def _take(self, step: Step) -> Self:
        return self._with(steps=(*self.steps, (self.acting, step)))

    def _with(self, **changes: Any) -> Self:
        changed = object.__new__(type(self))
        changed._set(**{**vars(self), **changes})
        return changed

    def _set(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __str__(self) -> str:
        return "\n".join(
            [self.name, *(f"  {number}. {self._line(*step)}" for number, step in enumerate(self.steps, 1))]
        )

    def _line(self, service: str, step: Step) -> str:
        return f"{service}: {step}" if len(self.services) > 1 else str(step)
