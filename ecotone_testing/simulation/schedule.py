"""The seeded choice of what moves next."""

import random
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Schedule"]

OptionT = TypeVar("OptionT")


class Schedule:
    """One seed, one sequence of choices; every choice of a run is made here and nowhere else."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def choose(self, options: Sequence[OptionT]) -> OptionT:
        """One of these; where there is only one, nothing is left to chance."""
        return options[0] if len(options) == 1 else options[self._random.randrange(len(options))]
