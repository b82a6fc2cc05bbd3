"""Brokers that somebody else runs, at an address from an option or the environment."""

import os
from collections.abc import Mapping

from ecotone_lite.clock import Deadline
from ecotone_testing.brokers.provider import ADDRESS_VARIABLES, Broker, BrokerAddress, BrokerProvider, BrokerUnavailable
from ecotone_testing.brokers.round_trip import NoAnswer, wait_until_it_answers

__all__ = ["ExternalBrokers", "brokers_are_required"]


def brokers_are_required(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a broker that cannot be had is a failure, and not a skip."""
    return environment.get("ECOTONE_REQUIRE_BROKERS", "") not in {"", "0"}


class ExternalBrokers(BrokerProvider):
    """Addresses that were given: by an option first, else by the environment."""

    def __init__(
        self,
        given: Mapping[Broker, str] | None = None,
        environment: Mapping[str, str] = os.environ,
        *,
        patience_seconds: float = 15.0,
    ) -> None:
        self._known = {**_from_environment(environment), **_from_options(given or {})}
        self._patience_seconds = patience_seconds

    def knows(self, broker: Broker) -> bool:
        """Whether an address was given."""
        return broker in self._known

    def get(self, broker: Broker) -> BrokerAddress:
        if broker not in self._known:
            raise BrokerUnavailable(broker, [f"{ADDRESS_VARIABLES[broker]} is not set"])
        address = self._known[broker]
        try:
            wait_until_it_answers(address, Deadline.after(self._patience_seconds))
        except NoAnswer as reason:
            mend = f"start that broker, or unset {ADDRESS_VARIABLES[broker]}"
            raise BrokerUnavailable(broker, [f"{address} does not answer ({reason})"], mend) from reason
        return address

    def close(self) -> None:
        """Nothing is ours here."""


def _from_options(given: Mapping[Broker, str]) -> dict[Broker, BrokerAddress]:
    return {broker: BrokerAddress(broker, address, "as given") for broker, address in given.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[Broker, BrokerAddress]:
    return {
        broker: BrokerAddress(broker, environment[variable], variable)
        for broker, variable in ADDRESS_VARIABLES.items()
        if environment.get(variable)
    }
