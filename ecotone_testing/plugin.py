"""stand-in"""

import pytest


@pytest.fixture
def ecotone():
    from ecotone_testing.backends.memory import MemoryBackend
    from ecotone_testing.ecotone import Ecotone

    with Ecotone(MemoryBackend()) as e:
        yield e
