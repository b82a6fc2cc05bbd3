"""Where RabbitMQ is."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["RabbitMqConnection"]


@dataclass(frozen=True)
class RabbitMqConnection:
    """The address of a broker, `amqp://user:password@host:port/vhost`; the password is never shown."""

    url: str = field(repr=False)

    @property
    def address(self) -> str:
        """Host and port, for people."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or 5672}"
