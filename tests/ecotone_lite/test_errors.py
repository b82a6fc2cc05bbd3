"""Errors name what was probably meant."""

import pytest

from ecotone_lite.errors import (
    ConfigurationError,
    HandlerNotFound,
    HeaderNotFound,
    SeveralConfigurationErrors,
    UnknownEndpoint,
    nearest,
)


@pytest.mark.parametrize(
    ("known", "end"),
    [
        (["order.place", "user.add"], "; did you mean 'order.place'?"),
        (["user.add", "user.drop"], "; known: 'user.add', 'user.drop'"),
        ([], "; none is registered"),
    ],
)
def test_the_nearest_name_is_told_else_all_of_them_else_that_there_is_none(known: list[str], end: str) -> None:
    assert nearest("order.plaec", known) == end


def test_a_long_list_of_names_is_cut() -> None:
    assert nearest("zzz", [f"name{n:02}" for n in range(20)]).endswith("'name10', 'name11' and 8 more")


def test_errors_carry_what_was_asked_for_and_what_there_is() -> None:
    error = HandlerNotFound("command", "b", known=["z", "y"])
    assert (error.key, error.known) == ("b", ("y", "z"))
    assert str(error) == "no command handler answers to 'b'; known: 'y', 'z'"
    assert str(UnknownEndpoint("x", known=[])) == "there is no endpoint 'x' to run; none is registered"


def test_a_missing_header_is_a_key_error_that_reads_as_a_sentence() -> None:
    error: KeyError = HeaderNotFound("x", known=["y"])
    assert str(error) == "the message has no header 'x'; known: 'y'"


def test_several_contradictions_are_numbered_and_kept() -> None:
    one, two = ConfigurationError("this"), ConfigurationError("that")
    error = SeveralConfigurationErrors([one, two])
    assert error.errors == (one, two)
    assert str(error) == "2 things are wrong with this configuration:\n  1. this\n  2. that"
