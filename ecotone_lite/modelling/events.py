"""Events that an aggregate records while it acts."""

__all__ = ["WithEvents"]

_RECORDED = "_ecotone_recorded_events"


class WithEvents:
    """Lets an aggregate record events, which are published once it is saved (Ecotone: WithEvents)."""

    def record_that(self, event: object) -> None:
        """Remember an event until this aggregate is saved."""
        self.__dict__.setdefault(_RECORDED, []).append(event)

    def get_recorded_events(self) -> list[object]:
        """What was recorded since this was last asked; asking drains."""
        recorded: list[object] = self.__dict__.pop(_RECORDED, [])
        return recorded
