"""Hide or show what may name a patient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.context import Context
from app.session import Loop
from app.settings import PRIVATE
from engine.io.patient import patient_facts
from engine.progress import Progress


def restore_choice(context: Context) -> None:
    """Hide patient data if the user chose so before."""
    context.session.private = context.settings.flag(PRIVATE)


def set_private(context: Context, private: bool) -> None:
    """Hide or show patient data, now and at the next start."""
    context.settings.set_flag(PRIVATE, private)
    context.session.set_private(private)
    for loop in context.session.loops:
        look_into(context, loop)


def look_into(context: Context, loop: Loop) -> None:
    """Find in the background what the header says of the patient, or what is to be hidden."""
    private = context.session.private
    if private and loop.sector is None:
        _find_sector(context, loop)
    path = loop.path
    if private or path is None or loop.patient:
        return

    def work(progress: Progress) -> tuple[tuple[str, str], ...]:
        progress.check()
        return patient_facts(path)

    def show(facts: tuple[tuple[str, str], ...]) -> None:
        if facts:
            context.session.update(loop.loop_id, patient=facts)

    context.jobs.start("Reading the header", work, show, quiet=True)


def _find_sector(context: Context, loop: Loop) -> None:
    def work(progress: Progress) -> NDArray[np.bool_]:
        progress.check()
        return context.verbs.find_sector(loop.cine)

    def show(sector: NDArray[np.bool_]) -> None:
        context.session.update(loop.loop_id, sector=sector)

    context.jobs.start("Finding the sector", work, show)
