"""Measured values as tidy rows: the columns of ``measurements.csv``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.model.mask import Contours


@dataclass(frozen=True)
class Measurement:
    """One value.

    Attributes:
        quantity: Name of the contract, such as ``strain_longitudinal``.
        definition: How it is defined, in one sentence.
        region: ``mask``, ``global``, ``vortex-1``, ``layer-endocardial`` or a segment in snake
            case.
        value: The value; never NaN (a value that does not exist has no row).
        unit: Unit, such as ``cm/s``; an empty string for none.
        frame: Source frame, or None for a value of the whole loop.
        time_s: Acquisition time of the frame, s; None if unknown.
        trust: Trusted fraction of its region, 0 to 1; None if trust was not measured.
    """

    quantity: str
    definition: str
    region: str
    value: float
    unit: str
    frame: int | None = None
    time_s: float | None = None
    trust: float | None = None


@dataclass(frozen=True, eq=False)
class Measurements:
    """All rows of a loop, with what the reader must be told.

    Attributes:
        rows: The values.
        warnings: Sentences such as "no trackable contrast".
        omitted: Why a group of quantities is missing: quantity group to reason.
        wall: The wall as the field carries it from end-diastole, which strain was measured on; None
            where no wall was followed, or the values come from a file.
        withheld: Segments whose own values are not given, because they are poorly tracked and
            nobody has accepted them; their curves and what they add to the whole wall stay.
    """

    rows: tuple[Measurement, ...]
    warnings: tuple[str, ...] = ()
    omitted: tuple[tuple[str, str], ...] = ()
    wall: Contours | None = None
    withheld: tuple[str, ...] = ()

    def select(self, quantity: str, region: str | None = None) -> Iterator[Measurement]:
        """Yield the rows of a quantity, of one region if it is given, in order."""
        for row in self.rows:
            if row.quantity == quantity and region in {None, row.region}:
                yield row
