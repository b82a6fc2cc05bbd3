"""The port: give me the address of a broker, take it back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ecotone_lite.errors import EcotoneError

__all__ = ["ADDRESS_VARIABLES", "Broker", "BrokerAddress", "BrokerProvider", "BrokerUnavailable"]

_PASSWORD = re.compile(r"^(.*?://[^:/@]*)?.*@")
_HIDDEN = r"\1:***@"


class Broker(StrEnum):
    """A real broker that channels can live on."""

    KAFKA = "kafka"
    RABBITMQ = "rabbitmq"


ADDRESS_VARIABLES = {
    Broker.KAFKA: "ECOTONE_KAFKA_BOOTSTRAP_SERVERS",
    Broker.RABBITMQ: "ECOTONE_AMQP_URL",
}
"""The variables of the environment that say where a broker is."""


@dataclass(frozen=True, repr=False)
class BrokerAddress:
    """Where a broker answers; shows itself without the password.

    `address`: "host:port,..." for Kafka, an amqp URL for RabbitMQ. `origin`: how it came to be known, for people.
    """

    broker: Broker
    address: str
    origin: str

    def __str__(self) -> str:
        return f"{self.broker} at {_PASSWORD.sub(_HIDDEN, self.address)} ({self.origin})"

    def __repr__(self) -> str:
        return f"<{self}>"


class BrokerUnavailable(EcotoneError):
    """No real broker can be had; the message tells what was tried, in order, and how to mend it.

    What a try told beyond its first line, such as the log of a container, stands below the sentence.
    """

    def __init__(self, broker: Broker, tried: Iterable[str], mend: str | None = None) -> None:
        self.broker = broker
        self.tried = tuple(tried)
        self.mend = mend or (
            "start a Docker engine (in a checkout of Ecotone Lite: `make brokers`), "
            f"or set {ADDRESS_VARIABLES[broker]} to the address of one"
        )
        sentences, details = zip(*(attempt.partition("\n")[::2] for attempt in self.tried), strict=True)
        sentence = f"no {broker} broker can be had: {'; '.join(sentences)}; {self.mend}"
        super().__init__("\n".join([sentence, *filter(None, details)]))


class BrokerProvider(Protocol):
    """Gives addresses of brokers that answer, and cleans up after itself."""

    def get(self, broker: Broker) -> BrokerAddress:
        """An address where a message has just gone there and back; raises BrokerUnavailable."""

    def close(self) -> None:
        """Take back what was given, and stop what was started for it; may be called again."""
