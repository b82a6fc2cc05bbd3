"""Names that no other run uses."""

import pytest

from ecotone_lite.clock import SystemClock
from ecotone_lite.identity import RandomIds


@pytest.fixture
def run_name() -> str:
    return RandomIds(SystemClock()).new_id()
