"""Where Kafka is, and how its client is set up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["KafkaBrokerConfiguration"]


@dataclass(frozen=True)
class KafkaBrokerConfiguration:
    """The addresses of a cluster, `host:port` each, and options of librdkafka (Ecotone: KafkaBrokerConfiguration)."""

    bootstrap_servers: Sequence[str] = ("localhost:9092",)
    options: Mapping[str, object] = field(default_factory=dict)

    def with_option(self, name: str, value: object) -> "KafkaBrokerConfiguration":
        """With an option of librdkafka, for every client of this cluster."""
        return replace(self, options={**self.options, name: value})
