"""Which messages belong together: those with one key stay in order, on every channel."""

import json
from collections.abc import Mapping
from typing import Any

from ecotone_lite.message import AGGREGATE_IDENTIFIERS, EVENT_AGGREGATE_ID, MESSAGE_ID, PARTITION_TARGET_KEY

__all__ = ["partition_key"]


def partition_key(headers: Mapping[str, Any]) -> str:
    """The key that the sender forces, else the aggregate the message is for, else the one it came from, else its id.

    Several identifiers are joined by a comma, in the aggregate's order (Ecotone's Kafka package: partition key rules).
    """
    forced = headers.get(PARTITION_TARGET_KEY)
    if forced is not None:
        return str(forced)
    for name in (AGGREGATE_IDENTIFIERS, EVENT_AGGREGATE_ID):
        identifiers = headers.get(name)
        if identifiers is not None:
            return _joined(identifiers)
    return str(headers[MESSAGE_ID])


def _joined(identifiers: object) -> str:
    if isinstance(identifiers, str) and identifiers.startswith("{"):
        identifiers = json.loads(identifiers)
    if isinstance(identifiers, Mapping):
        return ",".join(str(value) for value in identifiers.values())
    return str(identifiers)
