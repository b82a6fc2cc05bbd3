"""Every error that Ecotone Lite raises.

EcotoneError
├── ConfigurationError                 wrong use, told at bootstrap
│   ├── SeveralConfigurationErrors     all contradictions of one bootstrap
│   ├── DuplicateHandler               two handlers for one command or query
│   ├── DuplicateEndpointId            two endpoints with one id
│   ├── DuplicateChannel               two channels with one name
│   ├── EndpointIdMissing              an asynchronous handler without an endpoint id
│   ├── UnknownChannel                 a channel is named and nobody declared it
│   ├── MisplacedDecorator             a decorator where it has no meaning
│   ├── InvalidHandler                 a handler that can never be called
│   ├── InvalidAggregate               an aggregate without identifier, and the like
│   ├── InvalidChannel                 settings of a channel that contradict each other
│   └── UnresolvableParameter          a parameter that nothing can fill
├── MessagingError                     a message could not go its way
│   ├── HandlerNotFound                no handler answers to a command, query or key
│   ├── HeaderNotFound                 also a KeyError
│   ├── InvalidHeader                  a header name or value that cannot be one
│   ├── ConversionError                a payload or header does not fit its type
│   ├── UnknownEndpoint                nothing can be run under this name
│   ├── MessageNotSent                 the channel did not take the message
│   ├── BrokerUnreachable              the broker of a channel does not answer
│   ├── DeliveryLost                   a delivery was taken away before it was settled
│   └── AlreadySettled                 a delivery was settled a second time
├── AggregateError                     a stored aggregate stands in the way
│   ├── AggregateNotFound              nothing is stored under the identifier
│   ├── IdentifierMissing              the message or aggregate carries no identifier
│   └── ConcurrencyError               somebody else was faster
│       └── AggregateAlreadyExists     created before
└── ClockMovedBackwards                virtual time was told to move back
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = [
    "AggregateAlreadyExists",
    "AggregateError",
    "AggregateNotFound",
    "AlreadySettled",
    "BrokerUnreachable",
    "ClockMovedBackwards",
    "ConcurrencyError",
    "ConfigurationError",
    "ConversionError",
    "DeliveryLost",
    "DuplicateChannel",
    "DuplicateEndpointId",
    "DuplicateHandler",
    "EcotoneError",
    "EndpointIdMissing",
    "HandlerNotFound",
    "HeaderNotFound",
    "IdentifierMissing",
    "InvalidAggregate",
    "InvalidChannel",
    "InvalidHandler",
    "InvalidHeader",
    "MessageNotSent",
    "MessagingError",
    "MisplacedDecorator",
    "SeveralConfigurationErrors",
    "UnknownChannel",
    "UnknownEndpoint",
    "UnresolvableParameter",
]


class EcotoneError(Exception):
    """What every error of Ecotone Lite is."""


class ConfigurationError(EcotoneError):
    """The classes, channels or settings given to bootstrap contradict each other; nothing was started."""


class SeveralConfigurationErrors(ConfigurationError):
    """All contradictions that one bootstrap found; `errors` has them one by one."""

    def __init__(self, errors: Sequence[ConfigurationError]) -> None:
        self.errors = tuple(errors)
        lines = "\n".join(f"  {number}. {error}" for number, error in enumerate(self.errors, start=1))
        super().__init__(f"{len(self.errors)} things are wrong with this configuration:\n{lines}")


class DuplicateHandler(ConfigurationError):
    """A command or query goes to exactly one handler, and there are more."""


class DuplicateEndpointId(ConfigurationError):
    """An endpoint id names one endpoint, and there are more."""


class DuplicateChannel(ConfigurationError):
    """Two channels have one name, or two logs one message group."""


class EndpointIdMissing(ConfigurationError):
    """Messages find an asynchronous handler by its endpoint id, so it must be written down."""


class UnknownChannel(ConfigurationError):
    """A channel is named that nobody declared."""


class MisplacedDecorator(ConfigurationError):
    """A decorator stands where it has no meaning."""


class InvalidHandler(ConfigurationError):
    """A handler that no message could reach, or that cannot be called."""


class InvalidAggregate(ConfigurationError):
    """A class marked as an aggregate that lacks what an aggregate needs."""


class InvalidChannel(ConfigurationError):
    """The settings of a channel contradict each other."""


class UnresolvableParameter(ConfigurationError):
    """A parameter that is no payload, no header, and no service that could be found or built."""


class MessagingError(EcotoneError):
    """A message could not go its way."""


class HandlerNotFound(MessagingError):
    """No handler answers to this command, query or key (Ecotone: DestinationResolutionException)."""

    def __init__(self, what: str, key: str, *, known: Iterable[str]) -> None:
        self.key = key
        self.known = tuple(sorted(known))
        super().__init__(f"no {what} handler answers to {key!r}{nearest(key, self.known)}")


class HeaderNotFound(MessagingError, KeyError):
    """The message has no such header (Ecotone: MessageHeaderDoesNotExistsException)."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(f"the message has no header {name!r}{nearest(name, self.known)}")

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidHeader(MessagingError):
    """Header names are non-empty strings."""


class ConversionError(MessagingError):
    """A payload or header cannot be read as, or written from, the type that is asked for."""


class UnknownEndpoint(MessagingError):
    """Nothing can be run under this name."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(f"there is no endpoint {name!r} to run{nearest(name, self.known)}")


class MessageNotSent(MessagingError):
    """The channel, or the broker behind it, did not take the message."""


class BrokerUnreachable(MessageNotSent):
    """The broker behind a channel does not answer; names the broker and its address."""


class DeliveryLost(MessagingError):
    """The channel took a delivery away before it was settled, to give it to somebody else; it comes again."""


class AlreadySettled(MessagingError):
    """A delivery is acknowledged, released or rejected once."""


class AggregateError(EcotoneError):
    """A stored aggregate, or a missing one, stands in the way of a message."""


class AggregateNotFound(AggregateError):
    """Nothing is stored under the identifiers that the message names."""


class IdentifierMissing(AggregateError):
    """The message names no aggregate, or the new aggregate has no identifier (Ecotone: NoCorrectIdentifierDefined)."""


class ConcurrencyError(AggregateError):
    """The aggregate was stored by somebody else since it was loaded."""


class AggregateAlreadyExists(ConcurrencyError):
    """An aggregate was created under an identifier that is taken."""


class ClockMovedBackwards(EcotoneError):
    """Virtual time only moves forward."""


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of an error's sentence: the names that were probably meant, or all of them, or that there are none."""
    close = get_close_matches(name, known, n=3)
    if close:
        return f"; did you mean {_listed(close)}?"
    if known:
        return f"; known: {_listed(known)}"
    return "; none is registered"


def _listed(names: Sequence[str], at_most: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:at_most])
    return f"{shown} and {len(names) - at_most} more" if len(names) > at_most else shown
