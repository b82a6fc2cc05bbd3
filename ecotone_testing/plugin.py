"""A stand-in until the plugin is here."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ecotone-backend", action="append")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ecotone" in metafunc.fixturenames:
        metafunc.parametrize("ecotone", metafunc.config.getoption("--ecotone-backend") or ["memory"], indirect=True)


@pytest.fixture
def ecotone(request):
    from ecotone_testing.backends.choice import make_backend
    from ecotone_testing.brokers.provider import Broker, BrokerAddress
    from ecotone_testing.ecotone import Ecotone

    class P:
        def get(self, broker):
            return BrokerAddress(
                broker,
                os.environ["ECOTONE_KAFKA_BOOTSTRAP_SERVERS" if broker is Broker.KAFKA else "ECOTONE_AMQP_URL"],
                "env",
            )

    b = make_backend(request.param, P())
    with Ecotone(b) as e:
        yield e
    b.close()


@pytest.fixture(scope="session")
def kafka_bootstrap_servers():
    return os.environ["ECOTONE_KAFKA_BOOTSTRAP_SERVERS"]


@pytest.fixture(scope="session")
def amqp_url():
    return os.environ["ECOTONE_AMQP_URL"]
