"""Makes rows of the measurements: source frame numbers, times, and no row without a value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.model import Measurement, TrackingResult


@dataclass
class RowWriter:
    """Collects the rows, warnings and omissions of one measurement.

    Attributes:
        result: What is measured.
        rows: Values so far.
        warnings: Sentences for the user so far.
        omitted: Quantity group and reason, so far.
        withheld: Segments whose own values are not given.
    """

    result: TrackingResult
    rows: list[Measurement] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    omitted: list[tuple[str, str]] = field(default_factory=list)
    withheld: tuple[str, ...] = ()

    def add(
        self,
        quantity: str,
        definition: str,
        region: str,
        value: float,
        unit: str,
        *,
        index: int | None = None,
        trust: float | None = None,
    ) -> None:
        """Add a row unless its value does not exist.

        Args:
            quantity: Name of the contract.
            definition: One sentence.
            region: Where.
            value: The value; NaN and infinity make no row.
            unit: Its unit.
            index: Frame of the loop (from 0), or None for the whole loop.
            trust: Trusted fraction of the region, 0 to 1.
        """
        if not math.isfinite(value):
            return
        times = self.result.frame_times_s
        self.rows.append(
            Measurement(
                quantity=quantity,
                definition=definition,
                region=region,
                value=float(value),
                unit=unit,
                frame=None if index is None else index + self.result.first_frame,
                time_s=None if index is None or times is None else float(times[index]),
                trust=None if trust is None else float(trust),
            )
        )

    def warn(self, sentence: str) -> None:
        """Add a sentence for the user, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def omit(self, group: str, reason: str) -> None:
        """Say why a group of quantities is missing."""
        self.omitted.append((group, reason))
