"""Virtual time moves only when told, and only forward."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ecotone_lite import Clock, EcotoneLite, command_handler
from ecotone_lite.clock import Deadline, Stopwatch, SystemClock, VirtualClock
from ecotone_lite.errors import ClockMovedBackwards

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_virtual_time_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(NOW)
    assert clock.now() == clock.now() == NOW

    clock.advance_by(timedelta(hours=1))
    assert clock.now() == NOW + timedelta(hours=1)

    clock.move_to(NOW + timedelta(days=1))
    assert clock.now() == NOW + timedelta(days=1)


def test_virtual_time_never_moves_back() -> None:
    clock = VirtualClock(NOW)
    with pytest.raises(ClockMovedBackwards, match=r"from 2026-03-01T00:00:00\+00:00 to 2026-02-28T23:59:59"):
        clock.advance_by(timedelta(seconds=-1))
    assert clock.now() == NOW


def test_moving_to_the_present_is_no_move_back() -> None:
    clock = VirtualClock(NOW)
    clock.move_to(NOW)
    clock.advance_by(timedelta(0))
    assert clock.now() == NOW


def test_moments_without_a_time_zone_are_refused_with_the_mend() -> None:
    with pytest.raises(ValueError, match="has no time zone; give one"):
        VirtualClock(datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake
    with pytest.raises(ValueError, match="has no time zone"):
        VirtualClock(NOW).move_to(datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake


def test_moments_of_other_time_zones_are_read_in_utc() -> None:
    clock = VirtualClock(datetime(2026, 3, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == NOW
    assert clock.now().tzinfo is UTC


def test_system_time_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_deadline_that_has_passed_waits_no_more() -> None:
    passed, far = Deadline.after(0), Deadline.after(3600)
    passed.pause(3600)
    assert passed.expired
    assert passed.remaining() == 0
    assert not far.expired
    assert 3500 < far.remaining() <= 3600


def test_a_stopwatch_does_not_run_backwards() -> None:
    stopwatch = Stopwatch()
    assert 0 <= stopwatch.seconds() <= stopwatch.seconds()


def test_a_handler_asks_for_the_clock_of_its_flow() -> None:
    class Watch:
        @command_handler("look")
        def look(self, clock: Clock) -> None:
            self.seen = clock.now()

    flow = EcotoneLite.bootstrap_flow_testing([Watch], starting_at=NOW)
    flow.send_command_with_routing_key("look")

    assert flow.get_instance(Watch).seen == flow.now() == NOW
