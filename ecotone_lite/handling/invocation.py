"""Calls one handler with a message and tells the tracer how it went."""

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from ecotone_lite.conversion.conversion import Conversion
from ecotone_lite.definitions import HandlerDefinition
from ecotone_lite.handling.arguments import Argument
from ecotone_lite.message import Message
from ecotone_lite.tracing import Happening, Tracer

__all__ = ["Endpoint", "Invocation", "ServiceEndpoint"]


class Endpoint(Protocol):
    """Where a message arrives."""

    @property
    def definition(self) -> HandlerDefinition:
        """The handler behind it."""
        ...

    def handle(self, message: Message) -> Any:
        """Handle the message and give the reply."""
        ...


class Invocation:
    """A handler and what its parameters are filled from; `async def` handlers are run to their end."""

    def __init__(self, definition: HandlerDefinition, arguments: list[Argument], conversion: Conversion) -> None:
        self._function = _synchronous(definition.function)
        planned = list(zip(definition.parameters, arguments, strict=True))
        self._arguments = [argument for parameter, argument in planned if not parameter.keyword_only]
        self._named = {parameter.name: argument for parameter, argument in planned if parameter.keyword_only}
        self._conversion = conversion
        self._target = definition.payload.type if definition.payload else None
        self._has_payload = definition.payload is not None

    def with_readable_payload(self, message: Message) -> Message:
        """The message with its payload as the type that the handler takes; raises ConversionError."""
        if not self._has_payload:
            return message
        payload = self._conversion.read(message, self._target)
        return message if payload is message.payload else message.with_payload(payload)

    def call(self, target: object, message: Message) -> Any:
        named = {name: argument(message) for name, argument in self._named.items()} if self._named else {}
        return self._function(target, *[argument(message) for argument in self._arguments], **named)


class ServiceEndpoint:
    """A handler of a service."""

    def __init__(self, definition: HandlerDefinition, invocation: Invocation, service: object, tracer: Tracer) -> None:
        self.definition = definition
        self._invocation = invocation
        self._service = service
        self._tracer = tracer
        self._id = definition.endpoint_id

    def handle(self, message: Message) -> Any:
        try:
            message = self._invocation.with_readable_payload(message)
            reply = self._invocation.call(self._service, message)
        except Exception as error:
            self._tracer.record(Happening.FAILED, message, endpoint=self._id, error=error)
            raise
        self._tracer.record(Happening.HANDLED, message, endpoint=self._id)
        return reply


def _synchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    if not inspect.iscoroutinefunction(function):
        return function

    def run_to_the_end(*arguments: Any, **named: Any) -> Any:
        return _run(function(*arguments, **named))

    return run_to_the_end


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    return _run_in_a_thread(coroutine)


def _run_in_a_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """A loop is running in this thread already, so the coroutine gets one in another, and this one waits."""
    outcome: list[Any] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(context.run(asyncio.run, coroutine))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            failure.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]
