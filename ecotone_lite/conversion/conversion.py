"""Payloads and header values: to bytes where they leave, to the type that is asked for where they arrive."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from ecotone_lite.errors import ConversionError
from ecotone_lite.message import CONTENT_TYPE, TYPE_ID, Headers, Message

__all__ = ["JSON", "OCTETS", "TEXT", "Conversion", "as_text", "convert", "type_id"]

JSON = "application/json"
TEXT = "text/plain"
OCTETS = "application/octet-stream"

_OPEN = (Any, object)


def type_id(cls: type[Any]) -> str:
    """The name of a class on the wire."""
    return f"{cls.__module__}.{cls.__qualname__}"


class Conversion:
    """Writes payloads as JSON (text and bytes as they are), and reads them as the type a handler asks for.

    A type name on the wire means something only if it is one of `known`: bytes from outside never choose what runs.
    """

    def __init__(self, known: Iterable[type[Any]] = ()) -> None:
        self._known = {type_id(cls): cls for cls in known}
        self._encode = msgspec.json.Encoder().encode

    def write(self, message: Message) -> Message:
        """With bytes for a payload, and its content type and type in the headers; raises ConversionError."""
        payload = message.payload
        if isinstance(payload, bytes):
            return _typed(message, payload, OCTETS)
        if isinstance(payload, str):
            return _typed(message, _written(payload, str.encode, TEXT), TEXT)
        written = _written(payload, self._encode, JSON)
        headers = message.headers.to_dict()
        headers[CONTENT_TYPE] = JSON
        if type(payload).__module__ != "builtins":
            headers.setdefault(TYPE_ID, type_id(type(payload)))
        return Message(written, Headers.owning(headers))

    def read(self, message: Message, target: Any) -> Any:
        """The payload as `target`; one that is already of that type is given as it is. Raises ConversionError."""
        payload = message.payload
        if _is_a(type(payload), target):
            return payload
        if isinstance(payload, bytes | str):
            return self._read_text(message, target)
        return payload if _is_open(target) else convert(payload, target)

    def _read_text(self, message: Message, target: Any) -> Any:
        payload, content_type = message.payload, message.headers.get(CONTENT_TYPE)
        if content_type == OCTETS:
            return payload if _is_open(target) else convert(payload, target)
        if content_type == TEXT or (content_type is None and isinstance(payload, str)):
            text = payload if isinstance(payload, str) else _text(payload)
            return text if _is_open(target) else convert(text, target)
        return self._read_json(payload, self._target(message, target))

    def _target(self, message: Message, target: Any) -> Any:
        """What the type on the wire stands for, where the handler leaves it open or takes what inherits its own."""
        named = self._known.get(str(message.headers.get(TYPE_ID)))
        if named is not None and (_is_open(target) or _is_a(named, target)):
            return named
        return Any if _is_open(target) else target

    def _read_json(self, payload: bytes | str, target: Any) -> Any:
        try:
            return _decoder(target).decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ConversionError(f"this {JSON} is no {_name(target)}: {error}") from error
        except TypeError as error:
            raise ConversionError(f"{_name(target)} cannot be read from {JSON}: {error}") from error


def convert(value: object, target: Any) -> Any:
    """A value as `target`, numbers and dates from their text too; raises ConversionError."""
    try:
        return msgspec.convert(value, target, strict=False, from_attributes=False)
    except msgspec.MsgspecError as error:
        raise ConversionError(f"{value!r} is no {_name(target)}: {error}") from error
    except TypeError as error:
        raise ConversionError(f"{type(value).__name__} cannot be read as {_name(target)}: {error}") from error


def as_text(value: object) -> str:
    """A header as a wire carries it that knows only text; raises ConversionError."""
    if isinstance(value, bool):
        return "1" if value else ""
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
        return plain if isinstance(plain, str) else msgspec.json.encode(plain).decode()
    except TypeError as error:
        raise ConversionError(f"{type(value).__name__} cannot be written as text: {error}") from error


def _typed(message: Message, payload: bytes, content_type: str) -> Message:
    if CONTENT_TYPE in message.headers:
        return message.with_payload(payload)
    return Message(payload, Headers.owning({**message.headers, CONTENT_TYPE: content_type}))


def _written(payload: Any, encode: Callable[[Any], bytes], content_type: str) -> bytes:
    try:
        return encode(payload)
    except (TypeError, UnicodeEncodeError, msgspec.MsgspecError) as error:
        raise ConversionError(f"{type(payload).__name__} cannot be written as {content_type}: {error}") from error


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise ConversionError(f"these bytes are no {TEXT}: {error}") from error


@lru_cache(maxsize=1024)
def _decoder(target: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(target, strict=False)


def _is_a(payload_type: type[Any], target: Any) -> bool:
    """Whether what is of this class is `target` for sure; where only a look inside can tell, it is not."""
    classes, protocols = _classes(target)
    return issubclass(payload_type, classes) or not protocols.isdisjoint(payload_type.__mro__)


@lru_cache(maxsize=4096)
def _classes(target: Any) -> tuple[tuple[type[Any], ...], frozenset[type[Any]]]:
    """The members that are classes, and those that are protocols, which must be inherited to count."""
    members = [each for each in _members(target) if isinstance(each, type) and get_origin(each) is None]
    protocols = frozenset(each for each in members if getattr(each, "_is_protocol", False))
    return tuple(each for each in members if each not in protocols and each not in _OPEN), protocols


@lru_cache(maxsize=4096)
def _is_open(target: Any) -> bool:
    """Whether anything will do."""
    return any(member in _OPEN for member in _members(target))


def _members(target: Any) -> tuple[Any, ...]:
    return get_args(target) if get_origin(target) in (Union, UnionType) else (target,)


def _name(target: Any) -> str:
    return target.__name__ if isinstance(target, type) and target is not NoneType else str(target)
