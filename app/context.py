"""What operations, panels and dialogs share; made once by the window."""

from __future__ import annotations

from dataclasses import dataclass

from app.display import Display, arrows_option
from app.errors import ErrorHub
from app.jobs import JobRunner
from app.playback import Player
from app.session import Session
from app.settings import Settings
from app.verbs import Verbs


@dataclass(frozen=True, eq=False)
class Context:
    """The parts of the window that hold state.

    Attributes:
        session: What is open.
        display: How it is drawn.
        player: Plays it.
        jobs: Runs long work.
        errors: Shows what went wrong.
        settings: What is remembered.
        verbs: The engine.
    """

    session: Session
    display: Display
    player: Player
    jobs: JobRunner
    errors: ErrorHub
    settings: Settings
    verbs: Verbs

    def option_of(self, layer: str) -> str:
        """Return the option of the display that shows a layer over the current loop."""
        loop = self.session.loop
        if layer != "arrows" or loop is None:
            return layer
        return arrows_option(trackable=loop.trackable)
