"""How long verbs tell of themselves: steps, finished parts, and whether to stop.

The engine sees only the ``Progress`` protocol. The window, the command line and the tests
each bring an implementation; ``NullProgress`` serves scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.errors import Cancelled


@dataclass(frozen=True)
class Step:
    """One report of a running verb.

    Attributes:
        stage: What is being done, in the user's words ("scale 1/4").
        done: Units done so far within the stage.
        total: Units of the stage; 0 where the end is unknown.
        message: A detail worth showing, or an empty string.
        fraction: Progress of the whole verb in [0, 1]; None where it is unknown.
    """

    stage: str
    done: int = 0
    total: int = 0
    message: str = ""
    fraction: float | None = None


class Progress(Protocol):
    """What a long verb is given to report to."""

    def report(self, step: Step) -> None:
        """Take the latest step; must return at once."""

    def partial(self, value: object) -> None:
        """Take a finished part of the result, such as the field of one scale."""

    def notice(self, message: str) -> None:
        """Take a sentence that the user should read, such as a halved batch."""

    def check(self) -> None:
        """Raise ``Cancelled`` once a stop has been asked for."""


class NullProgress:
    """Ignores everything and never cancels."""

    def report(self, step: Step) -> None:
        """Ignore the step."""

    def partial(self, value: object) -> None:
        """Ignore the part."""

    def notice(self, message: str) -> None:
        """Ignore the notice."""

    def check(self) -> None:
        """Never cancel."""


class RecordingProgress:
    """Keeps what was reported and can be cancelled; for tests and scripts.

    Attributes:
        steps: Every step, in order.
        parts: Every finished part, in order.
        notices: Every notice, in order.
        cancelled: Set it, and the next ``check`` raises.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.parts: list[object] = []
        self.notices: list[str] = []
        self.cancelled = False

    def report(self, step: Step) -> None:
        """Keep the step."""
        self.steps.append(step)

    def partial(self, value: object) -> None:
        """Keep the part."""
        self.parts.append(value)

    def notice(self, message: str) -> None:
        """Keep the notice."""
        self.notices.append(message)

    def check(self) -> None:
        """Raise ``Cancelled`` if ``cancelled`` was set."""
        if self.cancelled:
            raise Cancelled("Stopped at your request. Nothing was written.")
