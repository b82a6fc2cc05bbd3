"""Finds what a parameter asks for by type: given, provided by the framework, or built from its type hints, once."""

import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeVar, cast

from ecotone_lite.definitions import NO_DEFAULT, Parameter, once_per_class, optional
from ecotone_lite.discovery import parameters_of
from ecotone_lite.errors import UnresolvableParameter

__all__ = ["Services"]

ServiceT = TypeVar("ServiceT")

_ANYTHING = (Any, object)
_SAID_BY_TYPING = (
    "__annotations__",
    "__doc__",
    "__orig_bases__",
    "__non_callable_proto_members__",
    "_is_runtime_protocol",
)


class Services:
    """The services of one application.

    A type is looked up among the framework's own, then among the given dependencies (an instance of exactly that class,
    else of a subclass; for a Protocol, one that has its members), then it is built, and its own parameters likewise.
    For a parameter that has a default, or may be None, nothing is built.
    """

    def __init__(self, given: Iterable[object] | Mapping[str, object] = ()) -> None:
        self._named: dict[str, object] = dict(given) if isinstance(given, Mapping) else {}
        self._given: list[object] = list(given.values()) if isinstance(given, Mapping) else list(given)
        self._provided: dict[Any, Any] = {}
        self._found: dict[Any, Any] = {}
        self._under_construction: list[type[Any]] = []

    def provide(self, service_type: Any, service: object) -> None:
        """Hand out this instance for exactly this type."""
        self._provided[service_type] = self._found[service_type] = service

    def named(self, name: str) -> object | None:
        return self._named.get(name)

    def get(self, service_type: type[ServiceT], *, asked_by: str = "") -> ServiceT:
        """The service of a type; raises UnresolvableParameter, naming who asked by `asked_by`."""
        try:
            return cast("ServiceT", self._found[service_type])
        except KeyError:
            pass
        service = self._found[service_type] = self._find(service_type, asked_by)
        return cast("ServiceT", service)

    def for_parameter(self, parameter: Parameter, place: str) -> Any:
        """What a constructor's or handler's parameter is filled with; its default when there is nothing else."""
        asked_by = f"{place}({parameter.name}: {_name(parameter.type)})"
        wanted, default = _wanted(parameter)
        if parameter.name_there is not None:
            service = self.named(parameter.name_there)
            if service is None and default is NO_DEFAULT:
                raise UnresolvableParameter(
                    f"{asked_by}: no service is named {parameter.name_there!r}; give one: "
                    f"dependencies={{{parameter.name_there!r}: ...}}"
                )
            return default if service is None else service
        if default is NO_DEFAULT:
            return self.get(wanted, asked_by=asked_by)
        if wanted in self._provided or not isinstance(wanted, type):
            return self._provided.get(wanted, default)
        return next(iter(self._matching(wanted, asked_by)), default)

    def _find(self, service_type: Any, asked_by: str) -> Any:
        if not isinstance(service_type, type) or service_type in _ANYTHING:
            raise UnresolvableParameter(
                f'{asked_by}: this is no service; mark a header with Annotated[..., Header("...")], '
                f"or give the parameter a default"
            )
        matching = self._matching(service_type, asked_by)
        return matching[0] if matching else self._build(service_type, asked_by)

    def _matching(self, service_type: type[Any], asked_by: str) -> list[object]:
        exact = [given for given in self._given if type(given) is service_type]
        matching = exact or [given for given in self._given if _is_a(given, service_type)]
        if len(matching) > 1:
            names = ", ".join(type(service).__name__ for service in matching)
            raise UnresolvableParameter(
                f"{asked_by or service_type.__name__}: {len(matching)} of the dependencies could be meant ({names}); "
                f"ask for the class itself, or for one by name: Annotated[..., Reference(...)]"
            )
        return matching

    def _build(self, service_type: type[Any], asked_by: str) -> Any:
        if _is_protocol(service_type) or getattr(service_type, "__abstractmethods__", None):
            raise UnresolvableParameter(
                f"{asked_by or service_type.__name__}: nothing given is a {service_type.__name__}; "
                f"pass one in dependencies=[...]"
            )
        if _is_a_value(service_type):
            raise UnresolvableParameter(
                f"{asked_by}: no {service_type.__name__} is given, and none is built; give the service that needs it "
                f'in dependencies=[...], mark a header with Annotated[..., Header("...")], '
                f"or give the parameter a default"
            )
        if service_type in self._under_construction:
            circle = " -> ".join(cls.__name__ for cls in (*self._under_construction, service_type))
            raise UnresolvableParameter(f"{asked_by}: these need each other to be built: {circle}; give one of them")
        self._under_construction.append(service_type)
        try:
            place = f"{service_type.__name__}.__init__"
            return service_type(
                **{
                    parameter.name: self.for_parameter(parameter, place)
                    for parameter in _constructor_parameters(service_type)
                }
            )
        finally:
            self._under_construction.pop()


@once_per_class
def _constructor_parameters(cls: type[Any]) -> tuple[Parameter, ...]:
    if cls.__init__ is object.__init__:
        return ()
    return parameters_of(cls.__init__, f"{cls.__name__}.__init__", payload=False)


def _wanted(parameter: Parameter) -> tuple[Any, Any]:
    """The type of the service that is asked for, and what stands in for it."""
    wanted = optional(parameter.type)
    if wanted is None:
        return parameter.type, parameter.default
    return wanted, parameter.default if parameter.has_default else None


@once_per_class
def _is_a_value(cls: type[Any]) -> bool:
    """Texts, numbers, dates, enums, tuples: type hints do not tell which one is meant."""
    said = {name for base in cls.__mro__ if base is not object for name in vars(base)}
    its_own_way = "__new__" in said and "__init__" not in said
    from_python = cls.__module__.partition(".")[0] in sys.stdlib_module_names
    return from_python or its_own_way or issubclass(cls, Enum)


def _is_a(service: object, service_type: type[Any]) -> bool:
    if _is_protocol(service_type):
        return all(hasattr(service, member) for member in _members(service_type))
    return isinstance(service, service_type)


def _is_protocol(service_type: type[Any]) -> bool:
    return bool(getattr(service_type, "_is_protocol", False))


class _EmptyProtocol(Protocol):
    """What every Protocol has without saying so."""


@once_per_class
def _members(protocol: type[Any]) -> frozenset[str]:
    silent = {*vars(_EmptyProtocol), *_SAID_BY_TYPING}
    said = (name for base in protocol.__mro__ if _is_protocol(base) and base is not Protocol for name in _own(base))
    return frozenset(said) - silent


def _own(base: type[Any]) -> set[str]:
    return {*vars(base), *vars(base).get("__annotations__", {})}


def _name(service_type: Any) -> str:
    return service_type.__name__ if isinstance(service_type, type) else str(service_type)
