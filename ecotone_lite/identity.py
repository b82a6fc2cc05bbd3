"""Where ids come from: random in production, from a seed in a flow."""

import random
from typing import Protocol

from ecotone_lite.clock import Clock

__all__ = ["IdGenerator", "RandomIds", "SeededIds"]


class IdGenerator(Protocol):
    """Gives each message its id."""

    def new_id(self) -> str:
        """A UUID, version 7 (RFC 9562, section 5.7), that was not given before."""
        ...


class RandomIds:
    """Ids from the operating system's randomness and the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._random_bits = random.SystemRandom().getrandbits

    def new_id(self) -> str:
        return _uuid7(self._clock, self._random_bits(74))


class SeededIds:
    """Ids that are the same for the same seed and the same times."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random_bits = random.Random(seed).getrandbits  # noqa: S311 - repeatable on purpose

    def new_id(self) -> str:
        return _uuid7(self._clock, self._random_bits(74))


def _uuid7(clock: Clock, random_bits: int) -> str:
    milliseconds = int(clock.now().timestamp() * 1000)
    high = milliseconds << 16 | 0x7000 | random_bits >> 62
    low = 0x8000000000000000 | random_bits & 0x3FFFFFFFFFFFFFFF
    digits = f"{high:016x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
