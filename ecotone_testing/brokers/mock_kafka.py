"""librdkafka's own mock cluster: Kafka's wire protocol in this process, from the library inside confluent-kafka."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

from ecotone_lite.errors import ConfigurationError

__all__ = ["MockKafka"]

_PRODUCER = 0
_ERROR_BYTES = 512


class MockKafka:
    """A Kafka of one broker on a loopback port. It knows topics, groups and offsets, and nothing about administration.

    Ecotone's adapter talks to it as to any other. Raises ConfigurationError where confluent-kafka was not installed
    from a wheel, which carries the library.
    """

    def __init__(self) -> None:
        self._library = _librdkafka()
        reason = ctypes.create_string_buffer(_ERROR_BYTES)
        configuration = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set(configuration, b"log_level", b"0", None, 0)
        self._client = self._library.rd_kafka_new(_PRODUCER, configuration, reason, _ERROR_BYTES)
        if not self._client:
            raise ConfigurationError(f"librdkafka's mock cluster cannot be had: {reason.value.decode()}")
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        self.address: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def declare(self, topic: str, partitions: int) -> None:
        """Make a topic; one that is there already stays as it is."""
        self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1)

    def delete(self, topics: Sequence[str], groups: Sequence[str]) -> None:
        """Nothing: the mock keeps all until it ends."""

    def close(self) -> None:
        """End it; clients that still talk to it find nobody."""
        if self._cluster:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._library.rd_kafka_destroy(self._client)
            self._cluster = None


def _librdkafka() -> ctypes.CDLL:
    import confluent_kafka

    package = Path(confluent_kafka.__file__).parent
    places = (package.parent / "confluent_kafka.libs", package / ".dylibs")
    found = [library for place in places for library in sorted(place.glob("librdkafka*"))]
    if not found:
        raise ConfigurationError("this confluent-kafka has no librdkafka inside; install it from its wheel")
    library = ctypes.CDLL(str(found[0]))
    pointer, text, number, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
    _declare(library.rd_kafka_conf_new, pointer)
    _declare(library.rd_kafka_conf_set, number, pointer, text, text, text, size)
    _declare(library.rd_kafka_new, pointer, number, pointer, text, size)
    _declare(library.rd_kafka_mock_cluster_new, pointer, pointer, number)
    _declare(library.rd_kafka_mock_group_initial_rebalance_delay_ms, None, pointer, ctypes.c_int32)
    _declare(library.rd_kafka_mock_cluster_bootstraps, text, pointer)
    _declare(library.rd_kafka_mock_topic_create, number, pointer, text, number, number)
    _declare(library.rd_kafka_mock_cluster_destroy, None, pointer)
    _declare(library.rd_kafka_destroy, None, pointer)
    return library


def _declare(function: object, result: object, *arguments: object) -> None:
    function.restype = result  # type: ignore[attr-defined]  # a function of the C library
    function.argtypes = arguments  # type: ignore[attr-defined]
