"""What a parameter asks for by type is found among what is given, or built from its own type hints, once."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Protocol, runtime_checkable
from uuid import UUID

import pytest

from ecotone_lite import Clock, CommandBus, EcotoneLite, EventBus, QueryBus, Reference, command_handler
from ecotone_lite.errors import SeveralConfigurationErrors, UnresolvableParameter
from ecotone_lite.handling.services import Services


class Mailer(Protocol):
    def send(self, to: str) -> None: ...


class Postman:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, to: str) -> None:
        self.sent.append(to)


class FastPostman(Postman): ...


class Gateway(ABC):
    @abstractmethod
    def pay(self) -> None: ...


class Bank(Gateway):
    def pay(self) -> None: ...


class Ledger:
    def __init__(self, postman: Postman) -> None:
        self.postman = postman


class Books:
    def __init__(self, ledger: Ledger, *, postman: Postman, title: str = "books") -> None:
        self.ledger, self.postman, self.title = ledger, postman, title


def test_an_instance_that_is_given_is_found_by_its_class() -> None:
    postman = Postman()
    assert Services([postman]).get(Postman) is postman


def test_an_instance_of_the_very_class_goes_before_one_of_a_subclass() -> None:
    fast, postman = FastPostman(), Postman()
    assert Services([fast, postman]).get(Postman) is postman
    assert Services([fast]).get(Postman) is fast


def test_an_abstract_class_is_found_by_what_inherits_it() -> None:
    bank = Bank()
    assert Services([Postman(), bank]).get(Gateway) is bank  # type: ignore[type-abstract]


def test_a_protocol_is_found_by_its_members() -> None:
    postman = Postman()
    assert Services([Bank(), postman]).get(Mailer) is postman  # type: ignore[type-abstract]


class Named(Protocol):
    name: str


@runtime_checkable
class Checkable(Protocol):
    def send(self, to: str) -> None: ...


class NamedMailer(Named, Mailer, Protocol): ...


@dataclass
class Person(Postman):
    name: str


@pytest.mark.parametrize("protocol", [Mailer, Named, Checkable, NamedMailer])
def test_members_count_methods_and_attributes_own_and_inherited(protocol: Any) -> None:
    person = Person("ann")
    assert Services([Bank(), person]).get(protocol) is person


@pytest.mark.parametrize("protocol", [Named, NamedMailer])
def test_one_member_too_few_is_not_enough(protocol: Any) -> None:
    with pytest.raises(UnresolvableParameter, match=f"nothing given is a {protocol.__name__}"):
        Services([Postman()]).get(protocol)


def test_a_protocol_is_never_served_by_what_was_built() -> None:
    services = Services()
    services.get(Postman)
    with pytest.raises(UnresolvableParameter, match=r"pass one in dependencies=\[\.\.\.\]"):
        services.get(Mailer)  # type: ignore[type-abstract]


def test_what_is_not_given_is_built_with_all_it_needs_and_once() -> None:
    services = Services()
    books = services.get(Books)
    assert books is services.get(Books)
    assert books.postman is books.ledger.postman is services.get(Postman)
    assert books.title == "books"


def test_what_is_built_uses_what_is_given() -> None:
    postman = Postman()
    assert Services([postman]).get(Books).ledger.postman is postman


def test_a_dataclass_is_built_too() -> None:
    @dataclass
    class Office:
        ledger: Ledger
        floor: int = 3

    office = Services().get(Office)
    assert isinstance(office.ledger, Ledger)
    assert office.floor == 3


class Optional:
    def __init__(self, ledger: Ledger | None = None, mailer: Mailer | None = None) -> None:
        self.ledger, self.mailer = ledger, mailer


def test_a_default_stands_where_nothing_is_given() -> None:
    optional = Services().get(Optional)
    assert (optional.ledger, optional.mailer) == (None, None)


def test_what_is_given_goes_before_a_default() -> None:
    ledger, postman = Ledger(Postman()), Postman()
    optional = Services([ledger, postman]).get(Optional)
    assert optional.ledger is ledger
    assert optional.mailer is postman


@pytest.mark.parametrize("before", [[], [Ledger]])
def test_a_default_does_not_depend_on_what_was_built_before(before: list[type[Any]]) -> None:
    services = Services()
    for cls in before:
        services.get(cls)
    assert services.get(Optional).ledger is None


def test_what_may_be_none_is_none_where_nothing_is_given() -> None:
    class Careful:
        def __init__(self, mailer: Mailer | None, ledger: Ledger | None) -> None:
            self.all = (mailer, ledger)

    ledger = Ledger(Postman())
    assert Services().get(Careful).all == (None, None)
    assert Services([ledger]).get(Careful).all == (None, ledger)


def test_a_service_is_found_by_name() -> None:
    class Twins:
        def __init__(
            self,
            one: Annotated[Postman, Reference("one")],
            other: Annotated[Postman, Reference("other")],
            absent: Annotated[Postman | None, Reference("absent")] = None,
        ) -> None:
            self.all = (one, other, absent)

    one, other = Postman(), Postman()
    assert Services({"one": one, "other": other}).get(Twins).all == (one, other, None)


def test_named_services_are_found_by_type_too() -> None:
    postman = Postman()
    assert Services({"post": postman}).get(Mailer) is postman  # type: ignore[type-abstract]


def test_a_service_that_is_falsy_is_a_service() -> None:
    class Empty(list[int]): ...

    class Asking:
        def __init__(self, empty: Annotated[Empty, Reference("empty")]) -> None:
            self.empty = empty

    assert Services({"empty": Empty()}).get(Asking).empty == []


class NeedsOne:
    def __init__(self, two: "NeedsTwo") -> None: ...


class NeedsTwo:
    def __init__(self, one: NeedsOne) -> None: ...


class NeedsText:
    def __init__(self, title: str) -> None: ...


class NeedsList:
    def __init__(self, lines: list[str]) -> None: ...


class NeedsMailer:
    def __init__(self, mailer: Mailer) -> None: ...


class NeedsNamed:
    def __init__(self, mailer: Annotated[Mailer, Reference("post")]) -> None: ...


class NeedsUnannotated:
    def __init__(self, mailer) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001


@pytest.mark.parametrize(
    ("cls", "given", "text"),
    [
        (NeedsMailer, [], "NeedsMailer.__init__(mailer: Mailer): nothing given is a Mailer; pass one in dependencies="),
        (
            NeedsMailer,
            [Postman(), FastPostman()],
            "NeedsMailer.__init__(mailer: Mailer): 2 of the dependencies could be meant (Postman, FastPostman); "
            "ask for the class itself, or for one by name: Annotated[..., Reference(...)]",
        ),
        (
            NeedsOne,
            [],
            "NeedsTwo.__init__(one: NeedsOne): these need each other to be built: "
            "NeedsOne -> NeedsTwo -> NeedsOne; give one of them",
        ),
        (
            NeedsText,
            [],
            "NeedsText.__init__(title: str): no str is given, and none is built; give the service that needs it in "
            'dependencies=[...], mark a header with Annotated[..., Header("...")], or give the parameter a default',
        ),
        (NeedsList, [], "NeedsList.__init__(lines: list[str]): this is no service; mark a header with"),
        (
            NeedsNamed,
            [Postman()],
            "NeedsNamed.__init__(mailer: Mailer): no service is named 'post'; give one: dependencies={'post': ...}",
        ),
        (NeedsUnannotated, [], "NeedsUnannotated.__init__(mailer: Any): this is no service"),
    ],
)
def test_what_cannot_be_had_is_told_with_who_asks_and_the_mend(
    cls: type[Any], given: Sequence[object], text: str
) -> None:
    with pytest.raises(UnresolvableParameter, match=f"^{re.escape(text)}"):
        Services(given).get(cls)


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize("value_type", [datetime, timedelta, Decimal, UUID, Path, Colour, dict, int])
def test_a_value_is_never_built_as_if_it_were_a_service(value_type: type[Any]) -> None:
    class Needs:
        def __init__(self, value: object) -> None: ...

        __init__.__annotations__["value"] = value_type

    with pytest.raises(UnresolvableParameter, match=rf"Needs\.__init__\(value: {value_type.__name__}\)"):
        Services().get(Needs)


def test_an_error_of_a_constructor_is_told_as_it_is_and_again_next_time() -> None:
    class Failing:
        def __init__(self) -> None:
            raise ConnectionError("no database")

    services = Services()
    for _ in range(2):
        with pytest.raises(ConnectionError, match="no database"):
            services.get(Failing)


def test_missing_services_of_several_handlers_are_told_at_bootstrap() -> None:
    class Orders:
        @command_handler("a")
        def a(self, payload: str, mailer: Mailer) -> None: ...

        @command_handler("b")
        def b(self, payload: str, count: int) -> None: ...

    with pytest.raises(SeveralConfigurationErrors) as raised:
        EcotoneLite.bootstrap_flow_testing([Orders, NeedsMailer])
    assert [str(error).partition(":")[0] for error in raised.value.errors] == ["Orders.a(mailer", "Orders.b(count"]


def test_the_framework_s_own_are_found_in_constructors_and_handlers() -> None:
    class Asking:
        def __init__(self, commands: CommandBus, events: EventBus, queries: QueryBus, clock: Clock) -> None:
            self.all = [commands, events, queries, clock]

        @command_handler("ask")
        def ask(self, clock: Annotated[Clock, Reference], events: EventBus) -> bool:
            return clock is self.all[3] and events is self.all[1]

    flow = EcotoneLite.bootstrap_flow_testing([Asking])
    assert flow.get_instance(Asking).all[0] is flow.get_gateway(CommandBus)
    assert flow.get_gateway(CommandBus).send_with_routing_key("ask") is True


def test_a_class_under_test_may_be_given_ready_made() -> None:
    class Greeter:
        def __init__(self, greeting: str) -> None:
            self.greeting = greeting

        @command_handler("greet")
        def greet(self) -> str:
            return self.greeting

    flow = EcotoneLite.bootstrap_flow_testing([Greeter], dependencies=[Greeter("hello")])
    assert flow.get_gateway(CommandBus).send_with_routing_key("greet") == "hello"


def test_services_of_one_application_are_shared_and_of_two_are_not() -> None:
    class One:
        @command_handler("one")
        def one(self, postman: Annotated[Postman, Reference]) -> int:
            return id(postman)

    class Two:
        def __init__(self, postman: Postman) -> None:
            self.postman = postman

        @command_handler("two")
        def two(self) -> int:
            return id(self.postman)

    flows = [EcotoneLite.bootstrap_flow_testing([One, Two]) for _ in range(2)]
    seen = [[flow.get_gateway(CommandBus).send_with_routing_key(key) for key in ("one", "two")] for flow in flows]
    assert seen[0][0] == seen[0][1]
    assert seen[0][0] != seen[1][0]


def test_a_service_is_asked_for_by_its_class_alone() -> None:
    flow = EcotoneLite.bootstrap_flow_testing([Postman])
    with pytest.raises(UnresolvableParameter, match="is no class; ask for a service by its class"):
        flow.get_instance(lambda: 3)
