"""Which broker a run gets, what is said when it gets none, and what is never said."""

import pytest

from ecotone_testing.brokers.choice import FirstThatHasOne, provider
from ecotone_testing.brokers.external import ExternalBrokers, brokers_are_required
from ecotone_testing.brokers.provider import Broker, BrokerAddress, BrokerProvider, BrokerUnavailable

NOBODY = "127.0.0.1:1"
KAFKA = BrokerAddress(Broker.KAFKA, "127.0.0.1:9092", "a source")


class Source(BrokerProvider):
    """Has the one address, or nothing for the reason given; counts how often it is asked."""

    def __init__(self, has: BrokerAddress | str) -> None:
        self.has = has
        self.asked = 0
        self.closed = False

    def get(self, broker: Broker) -> BrokerAddress:
        self.asked += 1
        if isinstance(self.has, str):
            raise BrokerUnavailable(broker, [self.has])
        return self.has

    def close(self) -> None:
        self.closed = True


def nothing_given() -> ExternalBrokers:
    return ExternalBrokers(environment={})


def given(**environment: str) -> ExternalBrokers:
    return ExternalBrokers(environment=environment, patience_seconds=0)


def test_the_first_source_that_has_a_broker_gives_it_and_the_next_is_not_asked() -> None:
    without, first, second = Source("it has none"), Source(KAFKA), Source(KAFKA)
    assert FirstThatHasOne(nothing_given(), [without, first, second]).get(Broker.KAFKA) is KAFKA
    assert (without.asked, first.asked, second.asked) == (1, 1, 0)


def test_sources_are_asked_once_for_an_address() -> None:
    source = Source(KAFKA)
    brokers = FirstThatHasOne(nothing_given(), [source])
    assert brokers.get(Broker.KAFKA) == brokers.get(Broker.KAFKA)
    assert source.asked == 1


def test_sources_are_asked_once_for_what_they_do_not_have() -> None:
    source = Source("it has none")
    brokers = FirstThatHasOne(nothing_given(), [source])
    messages = set()
    for _ in range(2):
        with pytest.raises(BrokerUnavailable) as unavailable:
            brokers.get(Broker.KAFKA)
        messages.add(str(unavailable.value))
    assert source.asked == len(messages) == 1


def test_closing_closes_every_source() -> None:
    sources = [Source(KAFKA), Source("it has none")]
    FirstThatHasOne(nothing_given(), sources).close()
    assert all(source.closed for source in sources)


def test_an_address_in_the_environment_wins_even_if_nobody_answers_there() -> None:
    source = Source(KAFKA)
    brokers = FirstThatHasOne(given(ECOTONE_KAFKA_BOOTSTRAP_SERVERS=NOBODY), [source])
    with pytest.raises(BrokerUnavailable) as unavailable:
        brokers.get(Broker.KAFKA)
    assert str(unavailable.value) == (
        "no kafka broker can be had: kafka at 127.0.0.1:1 (ECOTONE_KAFKA_BOOTSTRAP_SERVERS) does not answer "
        "(Connection refused); start that broker, or unset ECOTONE_KAFKA_BOOTSTRAP_SERVERS"
    )
    assert source.asked == 0


def test_the_environment_speaks_for_one_broker_only() -> None:
    brokers = FirstThatHasOne(given(ECOTONE_AMQP_URL=f"amqp://{NOBODY}"), [Source(KAFKA)])
    assert brokers.get(Broker.KAFKA) is KAFKA


def test_an_option_wins_over_the_environment() -> None:
    brokers = ExternalBrokers(
        {Broker.KAFKA: NOBODY}, {"ECOTONE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:2"}, patience_seconds=0
    )
    with pytest.raises(BrokerUnavailable, match=r"kafka at 127\.0\.0\.1:1 \(as given\)"):
        brokers.get(Broker.KAFKA)


def test_an_empty_variable_names_no_broker() -> None:
    assert not given(ECOTONE_AMQP_URL="").knows(Broker.RABBITMQ)


def test_whoever_has_no_broker_reads_what_was_tried_in_order_and_how_to_mend_it() -> None:
    brokers = FirstThatHasOne(
        nothing_given(), [Source("nothing stands"), Source("nothing starts"), Source("nothing starts")]
    )
    with pytest.raises(BrokerUnavailable) as unavailable:
        brokers.get(Broker.RABBITMQ)
    assert str(unavailable.value) == (
        "no rabbitmq broker can be had: ECOTONE_AMQP_URL is not set; nothing stands; nothing starts; "
        "start a Docker engine (in a checkout of Ecotone Lite: `make brokers`), "
        "or set ECOTONE_AMQP_URL to the address of one"
    )


def test_the_log_of_a_container_stands_below_the_sentence() -> None:
    sentence, *below = str(BrokerUnavailable(Broker.KAFKA, ["it died\nit said last:\nOut of memory", "no luck"])).split(
        "\n"
    )
    assert "it died; no luck; start" in sentence
    assert below == ["it said last:", "Out of memory"]


@pytest.mark.usefixtures("no_address", "no_engine")
@pytest.mark.parametrize("broker", Broker)
def test_a_machine_without_docker_is_told_in_one_sentence(broker: Broker) -> None:
    brokers = provider()
    with pytest.raises(BrokerUnavailable) as unavailable:
        brokers.get(broker)
    brokers.close()
    _, engine = unavailable.value.tried
    assert engine == "no Docker engine answers at /nowhere/docker.sock (No such file or directory)"
    assert "\n" not in str(unavailable.value)


@pytest.mark.parametrize(
    ("variable", "address", "reason"),
    [
        ("ECOTONE_KAFKA_BOOTSTRAP_SERVERS", "::", "the address is not of the form host:port,host:port"),
        ("ECOTONE_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1, 127.0.0.1:2", "Connection refused"),
        ("ECOTONE_AMQP_URL", "http://127.0.0.1:1", "the address is no URL such as amqp://user:password@host:5672/%2F"),
        ("ECOTONE_AMQP_URL", "amqp://127.0.0.1:1", "Connection refused"),
    ],
)
def test_an_address_that_is_wrong_says_what_is_wrong(variable: str, address: str, reason: str) -> None:
    brokers = given(**{variable: address})
    broker = Broker.KAFKA if "KAFKA" in variable else Broker.RABBITMQ
    with pytest.raises(BrokerUnavailable) as unavailable:
        brokers.get(broker)
    assert f"({reason})" in str(unavailable.value)


@pytest.mark.parametrize(
    "url", ["amqp://ann:S3cret@host:5672/%2F", "amqp://ann:S3c/S3cret@x@host", "amqps://:S3cret@host"]
)
def test_a_password_is_never_shown(url: str) -> None:
    address = BrokerAddress(Broker.RABBITMQ, url, "ECOTONE_AMQP_URL")
    for shown in (str(address), repr(address), f"{address}", repr([address])):
        assert "S3c" not in shown
        assert "***@host" in shown
    assert address.address == url


@pytest.mark.parametrize(
    "url", ["amqp://ann:S3cret@127.0.0.1:1", "amqp://ann:S3c/ret@127.0.0.1:1", "amqp:/ann:S3cret@127.0.0.1"]
)
def test_a_password_is_not_in_an_error(url: str) -> None:
    with pytest.raises(BrokerUnavailable) as unavailable:
        given(ECOTONE_AMQP_URL=url).get(Broker.RABBITMQ)
    assert "S3c" not in str(unavailable.value)


@pytest.mark.parametrize(("value", "required"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_brokers_can_be_required(value: str, required: bool) -> None:
    assert brokers_are_required({"ECOTONE_REQUIRE_BROKERS": value}) is required
    assert not brokers_are_required({})
