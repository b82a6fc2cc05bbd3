"""Ecotone's message-driven model in Python, in memory and on real Kafka and RabbitMQ."""

from ecotone_lite.application import ConfiguredMessagingSystem, EcotoneLite
from ecotone_lite.buses import CommandBus, EventBus, QueryBus
from ecotone_lite.channels.channel import MessageChannel
from ecotone_lite.channels.queue import Channel, QueueChannel
from ecotone_lite.clock import Clock
from ecotone_lite.configuration import ServiceConfiguration
from ecotone_lite.decorators import aggregate, asynchronous, command_handler, event_handler, query_handler
from ecotone_lite.definitions import Header, Identifier, Reference
from ecotone_lite.endpoints.polling import ExecutionPollingMetadata
from ecotone_lite.message import Headers, Message
from ecotone_lite.modelling.events import WithEvents
from ecotone_lite.recovery.final_failure import FinalFailureStrategy

__all__ = [
    "Channel",
    "Clock",
    "CommandBus",
    "ConfiguredMessagingSystem",
    "EcotoneLite",
    "EventBus",
    "ExecutionPollingMetadata",
    "FinalFailureStrategy",
    "Header",
    "Headers",
    "Identifier",
    "Message",
    "MessageChannel",
    "QueryBus",
    "QueueChannel",
    "Reference",
    "ServiceConfiguration",
    "WithEvents",
    "aggregate",
    "asynchronous",
    "command_handler",
    "event_handler",
    "query_handler",
]
