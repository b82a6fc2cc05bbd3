"""Fills the parameters of a handler: planned once when the application is built, then a call for each."""

from collections.abc import Callable
from typing import Any

import msgspec

from ecotone_lite.conversion.conversion import as_text, convert
from ecotone_lite.definitions import HandlerDefinition, Parameter, Source, optional
from ecotone_lite.errors import ConversionError, HeaderNotFound
from ecotone_lite.handling.services import Services
from ecotone_lite.message import Message

__all__ = ["Argument", "plan_arguments"]

Argument = Callable[[Message], Any]

_TRUE, _FALSE = ("1", "true", "True"), ("", "0", "false", "False")


def plan_arguments(definition: HandlerDefinition, services: Services) -> list[Argument]:
    """For each parameter the function that gives its value from a message; raises UnresolvableParameter."""
    return [_argument(parameter, definition.place, services) for parameter in definition.parameters]


def _argument(parameter: Parameter, place: str, services: Services) -> Argument:
    if parameter.source is Source.PAYLOAD:
        return _payload
    if parameter.source is Source.HEADERS:
        return _headers
    if parameter.source is Source.MESSAGE:
        return _message
    if parameter.source is Source.HEADER:
        return _header(parameter, place)
    service = services.for_parameter(parameter, place)
    return lambda _: service


def _payload(message: Message) -> Any:
    return message.payload


def _headers(message: Message) -> Any:
    return message.headers


def _message(message: Message) -> Message:
    return message


def _header(parameter: Parameter, place: str) -> Argument:
    name = parameter.name_there or parameter.name
    target = parameter.type
    plain = target if target in (str, int, bool, float) else None

    def read(message: Message) -> Any:
        value = message.headers.get(name)
        if value is None:
            return _missing(parameter, name, place, message)
        if type(value) is plain:
            return value
        try:
            return header_as(value, target)
        except ConversionError as error:
            raise ConversionError(f"{place}: header {name!r}: {error}") from error

    return read


def _missing(parameter: Parameter, name: str, place: str, message: Message) -> Any:
    if parameter.has_default:
        return parameter.default
    try:
        return convert(None, parameter.type)
    except ConversionError:
        error = HeaderNotFound(name, known=message.headers)
        error.add_note(f"asked for by {place}({parameter.name}); give the parameter a default if it may be missing")
        raise error from None


def header_as(value: object, target: Any) -> Any:
    """A header as the type that is asked for, also where the wire knows only text; raises ConversionError."""
    wanted = optional(target) or target
    if wanted is bool and value in (*_TRUE, *_FALSE):
        return value in _TRUE
    try:
        return convert(value, target)
    except ConversionError as error:
        if isinstance(value, str):
            return _from_json(value, target, error)
        if wanted is str:
            return as_text(value)
        raise


def _from_json(text: str, target: Any, error: ConversionError) -> Any:
    try:
        return msgspec.json.decode(text, type=target, strict=False)
    except msgspec.MsgspecError:
        raise error from None
