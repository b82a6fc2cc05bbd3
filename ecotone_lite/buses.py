"""The three standard gateways: the command bus, the event bus and the query bus."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ecotone_lite.definitions import FrameworkService, HandlerKind
from ecotone_lite.handling.invocation import Endpoint
from ecotone_lite.handling.routing import Routes
from ecotone_lite.handling.scope import Handling
from ecotone_lite.message import CONTENT_TYPE, Message, MessageFactory, routing_key_header
from ecotone_lite.tracing import Happening, Tracer

__all__ = ["CommandBus", "EventBus", "QueryBus"]

Metadata = Mapping[str, object]


class _Bus(FrameworkService):
    kind: ClassVar[HandlerKind]

    def __init__(self, routes: Routes, messages: MessageFactory, handling: Handling, tracer: Tracer) -> None:
        self._routes = routes
        self._messages = messages
        self._handling = handling
        self._tracer = tracer
        self._key_header = routing_key_header(self.kind)

    def _message(self, payload: object, metadata: Metadata | None) -> Message:
        return self._messages.create(payload, metadata, cause=self._handling.cause())

    def _keyed(self, key: str, payload: object, metadata: Metadata | None, media_type: str | None) -> Message:
        routing = {self._key_header: key, **({CONTENT_TYPE: media_type} if media_type else {})}
        return self._messages.create(payload, metadata, cause=self._handling.cause(), routing=routing)


class _ToOneHandler(_Bus):
    collects: ClassVar[bool]

    def send(self, payload: object, metadata: Metadata | None = None) -> Any:
        """Send by the payload's class."""
        message = self._message(payload, metadata)
        self._tracer.record(Happening.SENT, message)
        endpoint = self._routes.one_for_type(type(payload))
        return self._handling.of(message, endpoint.handle, collects=self.collects)

    def send_with_routing_key(
        self,
        routing_key: str,
        payload: object = None,
        metadata: Metadata | None = None,
        *,
        media_type: str | None = None,
    ) -> Any:
        """Send by a routing key; `media_type` says what a text or bytes payload is written in."""
        message = self._keyed(routing_key, payload, metadata, media_type)
        self._tracer.record(Happening.SENT, message)
        endpoint = self._routes.one_for_key(routing_key)
        return self._handling.of(message, endpoint.handle, collects=self.collects)


class CommandBus(_ToOneHandler):
    """Sends a command to its one handler and gives the handler's reply (Ecotone: CommandBus).

    The messages that are sent while it is handled leave when it has succeeded. Raises HandlerNotFound, and whatever
    the handler raises. `metadata` are headers that travel with the command and with all that it causes.
    """

    kind = HandlerKind.COMMAND
    collects = True


class QueryBus(_ToOneHandler):
    """Sends a query to its one handler and gives the answer (Ecotone: QueryBus).

    Raises HandlerNotFound, and whatever the handler raises.
    """

    kind = HandlerKind.QUERY
    collects = False


class EventBus(_Bus):
    """Tells an event to all its handlers, none is fine too (Ecotone: EventBus).

    The first handler that raises ends it, and the error reaches the publisher. An asynchronous handler gets a copy of
    its own on its channel.
    """

    kind = HandlerKind.EVENT

    def publish(self, event: object, metadata: Metadata | None = None) -> None:
        """Publish by the event's class."""
        self._tell(self._routes.all_for_type(type(event)), self._message(event, metadata))

    def publish_with_routing_key(
        self,
        routing_key: str,
        event: object = None,
        metadata: Metadata | None = None,
        *,
        media_type: str | None = None,
    ) -> None:
        """Publish by a name; `media_type` says what a text or bytes payload is written in."""
        message = self._keyed(routing_key, event, metadata, media_type)
        self._tell(self._routes.all_for_key(routing_key), message)

    def _tell(self, endpoints: tuple[Endpoint, ...], message: Message) -> None:
        self._tracer.record(Happening.PUBLISHED, message)
        for endpoint in endpoints:
            self._handling.of(message, endpoint.handle, collects=False)
