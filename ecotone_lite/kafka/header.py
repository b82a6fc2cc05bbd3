"""The names of the headers that only Kafka has."""

from ecotone_lite.message import PARTITION_SOURCE_KEY, PARTITION_TARGET_KEY

__all__ = ["KafkaHeader"]


class KafkaHeader:
    """Where a message came from, and its key (Ecotone: KafkaHeader)."""

    TOPIC = "kafka_topic"
    PARTITION = "kafka_partition"
    OFFSET = "kafka_offset"
    TIMESTAMP = "kafka_timestamp"
    """The broker's, in ms."""
    TARGET_KEY = PARTITION_TARGET_KEY
    """Set by a sender to force a key; it does not travel."""
    SOURCE_KEY = PARTITION_SOURCE_KEY
    """The key that the message was sent with."""
