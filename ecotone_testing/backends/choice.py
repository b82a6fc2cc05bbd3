"""Backends by name."""

from ecotone_testing.backends.backend import Backend
from ecotone_testing.backends.memory import MemoryBackend

__all__ = ["BACKENDS", "make_backend"]

BACKENDS = ("memory", "kafka-mock", "kafka", "rabbitmq", "kafka+rabbitmq")
"""Their names."""


def make_backend(name: str) -> Backend:
    """The backend of this name; raises ValueError for a name that is none."""
    if name != "memory":
        raise ValueError(name)
    return MemoryBackend()
