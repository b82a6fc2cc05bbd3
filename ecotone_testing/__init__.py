"""Flow tests and scenarios that run unchanged in memory and on real Kafka and RabbitMQ."""

from ecotone_testing.ecotone import Ecotone
from ecotone_testing.expectations import answered, failed, handled, published, satisfies, sent
from ecotone_testing.flow import FlowTestSupport
from ecotone_testing.outcome import Outcome
from ecotone_testing.scenario import Scenario, Service
from ecotone_testing.trace.trace import Trace

__all__ = [
    "Ecotone",
    "FlowTestSupport",
    "Outcome",
    "Scenario",
    "Service",
    "Trace",
    "answered",
    "failed",
    "handled",
    "published",
    "satisfies",
    "sent",
]
