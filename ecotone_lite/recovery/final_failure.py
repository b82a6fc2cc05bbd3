"""What becomes of a message when nothing else helped."""

from enum import StrEnum

__all__ = ["FinalFailureStrategy"]


class FinalFailureStrategy(StrEnum):
    """What a consumer does with a message whose handler failed (Ecotone: FinalFailureStrategy)."""

    RESEND = "resend"
    """A copy goes to the end of the channel; the consumer goes on."""
    RELEASE = "release"
    """It goes back to its place, and may block those behind it; the consumer goes on."""
    IGNORE = "ignore"
    """It is given up; the consumer goes on."""
    STOP = "stop"
    """It goes back to its place, and the error ends the consumer."""
