"""The frozen settings of one application."""

from dataclasses import dataclass, replace
from typing import TypeVar

from ecotone_lite.channels.channel import MessageChannel

__all__ = ["ServiceConfiguration"]

ExtensionT = TypeVar("ExtensionT")


@dataclass(frozen=True)
class ServiceConfiguration:
    """What a service is called, and the objects that extend it: channels, addresses of brokers, and so on.

    Ecotone: ServiceConfiguration. Values; a change gives another configuration.
    """

    service_name: str = "ecotone_service"
    extension_objects: tuple[object, ...] = ()

    def with_extension_objects(self, *objects: object) -> "ServiceConfiguration":
        """With these added to the ones there are."""
        return replace(self, extension_objects=(*self.extension_objects, *objects))

    def extensions(self, kind: type[ExtensionT]) -> list[ExtensionT]:
        """The extension objects of one kind, in the order given."""
        return [extension for extension in self.extension_objects if isinstance(extension, kind)]

    @property
    def channels(self) -> list[MessageChannel]:
        return self.extensions(MessageChannel)  # type: ignore[type-abstract]
