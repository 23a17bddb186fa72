"""Values of a cohort: its loops, its settings, and what became of each loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.config import (
    MaskConfig,
    MeasureConfig,
    ReadConfig,
    ReportConfig,
    TrackingConfig,
    check_bounds,
    setting,
)
from engine.model import Measurement, View


@dataclass(frozen=True)
class CohortLoop:
    """One loop of a cohort.

    Attributes:
        path: File or folder of the loop.
        study: Study that it belongs to; also the folder of its results.
        name: Folder of its results within the study; unique there.
        target: ``tissue`` or ``blood``.
        view: Confirmed view, or None.
        reading: How to read it.
        mask: How to make its mask.
        excluded: Segments that the review rejected; no value rests on them.
        problem: Why it cannot be tracked, as a sentence; empty if nothing is wrong so far.
    """

    path: Path
    study: str
    name: str
    target: str = "tissue"
    view: View | None = None
    reading: ReadConfig = field(default_factory=ReadConfig)
    mask: MaskConfig = field(default_factory=MaskConfig)
    excluded: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class CohortConfig:
    """How to run a cohort.

    Attributes:
        out: Folder of all results: ``STUDY/LOOP/`` each, and the tables.
        workers: Loops tracked at the same time, each in a process of its own.
        scheduler: Address of a Dask scheduler, or None for this machine.
        tracking: Settings of the tracking; each loop has its own target.
        measure: Definitions to measure with.
        report: What is written of every loop.
    """

    out: Path
    workers: int = setting(1, "Workers", "Loops at the same time", minimum=1, maximum=1024)
    scheduler: str | None = None
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    report: ReportConfig = field(default_factory=ReportConfig)

    def __post_init__(self) -> None:
        check_bounds(self)


class Status(StrEnum):
    """What became of a loop."""

    DONE = "done"
    KEPT = "kept"
    """Finished by an earlier run with the same settings."""
    FAILED = "failed"


@dataclass(frozen=True)
class LoopOutcome:
    """What became of one loop.

    Attributes:
        loop: The loop.
        status: Whether it was tracked now, before, or not.
        sentence: Why it failed, or the first warning; may be empty.
        seconds: Time that it took, s.
        values: Its measurements of the whole loop.
    """

    loop: CohortLoop
    status: Status
    sentence: str = ""
    seconds: float = 0.0
    values: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class CohortResult:
    """What became of a cohort.

    Attributes:
        outcomes: One per loop, in the order of the list.
        tables: ``cohort.csv`` (a line a loop) and ``studies.csv`` (a line a study).
    """

    outcomes: tuple[LoopOutcome, ...]
    tables: tuple[Path, ...]

    @property
    def failed(self) -> tuple[LoopOutcome, ...]:
        """The loops that could not be done."""
        return tuple(item for item in self.outcomes if item.status is Status.FAILED)
