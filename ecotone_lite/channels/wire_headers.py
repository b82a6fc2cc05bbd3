"""Headers where the wire knows only text, and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from ecotone_lite.conversion.conversion import as_text
from ecotone_lite.message import CORRELATION_ID, MESSAGE_ID, PARTITION_SOURCE_KEY, TIMESTAMP, Headers, Message

__all__ = ["decoded", "from_wire", "travelling", "with_text_values"]

_LEFT_BEHIND = ("kafka_", PARTITION_SOURCE_KEY, "x-death", "x-delivery-count")


def travelling(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a previous hop said about itself."""
    return {name: value for name, value in headers.items() if not name.startswith(_LEFT_BEHIND) and value is not None}


def with_text_values(headers: Mapping[str, Any]) -> dict[str, str]:
    """Every value as text: true is "1", false is "", lists and mappings are JSON (Ecotone's Kafka wire format)."""
    return {name: as_text(value) for name, value in headers.items()}


def from_wire(payload: bytes, headers: Mapping[str, Any], *, otherwise: str) -> Message:
    """A message as a channel gives it; `otherwise` is the id of one that came without, from a foreign sender."""
    values = dict(headers)
    values.setdefault(MESSAGE_ID, otherwise)
    values.setdefault(CORRELATION_ID, values[MESSAGE_ID])
    values[TIMESTAMP] = _seconds(values.get(TIMESTAMP))
    return Message(payload, Headers.owning(values))


def decoded(pairs: Iterable[tuple[str, bytes | str | None]]) -> dict[str, str]:
    """Headers as they come from a wire of bytes; what is no text is shown as it can be."""
    return {
        name: value.decode(errors="backslashreplace") if isinstance(value, bytes) else value
        for name, value in pairs
        if value is not None
    }


def _seconds(given: object) -> int:
    try:
        return int(str(given))
    except ValueError:
        return 0
