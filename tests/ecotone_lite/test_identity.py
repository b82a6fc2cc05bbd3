"""Ids: UUIDs of version 7, from the system's randomness or from a seed."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotone_lite.clock import SystemClock, VirtualClock
from ecotone_lite.identity import RandomIds, SeededIds

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def milliseconds(uuid: UUID) -> int:
    return uuid.int >> 80


@given(moment=MOMENTS, seed=st.integers())
def test_an_id_is_a_well_formed_uuid_of_its_moment(moment: datetime, seed: int) -> None:
    text = SeededIds(VirtualClock(moment), seed).new_id()
    uuid = UUID(text)

    assert str(uuid) == text
    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert milliseconds(uuid) == int(moment.timestamp() * 1000)


@given(seed=st.integers())
def test_one_seed_gives_one_sequence_of_different_ids(seed: int) -> None:
    one, other = SeededIds(VirtualClock(NOW), seed), SeededIds(VirtualClock(NOW), seed)
    ids = [one.new_id() for _ in range(100)]

    assert ids == [other.new_id() for _ in range(100)]
    assert len(set(ids)) == 100


def test_another_seed_gives_other_ids() -> None:
    assert SeededIds(VirtualClock(NOW), 1).new_id() != SeededIds(VirtualClock(NOW), 2).new_id()


def test_later_ids_are_greater() -> None:
    clock = VirtualClock(NOW)
    ids = SeededIds(clock, seed=5)
    before = ids.new_id()
    clock.advance_by(timedelta(milliseconds=1))
    assert before < ids.new_id()


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock(NOW)])
def test_random_ids_differ_and_are_well_formed(clock: VirtualClock) -> None:
    ids = RandomIds(clock)
    made = {ids.new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert {UUID(text).version for text in made} == {7}
