"""What an evaluation hands on: settings, columns and rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from engine.config import check_bounds, setting
from engine.errors import InputError

PHANTOM_CASES: Final = (
    "apical",
    "regional",
    "short_axis",
    "vortex",
    "rigid",
    "small",
    "none",
    "jet",
    "sinusoid",
)
"""Cases of ``evaluate phantoms``."""

SPECKLES: Final = ("scatterer", "sector", "sparse")
"""How a phantom's speckle is formed."""

NOISES: Final = ("standard", "real")
"""Levels of noise: mild, and as strong as in real loops."""


WAVELENGTH: Final = "wavelength"
"""Key of a sinusoid's wavelength, px, among a row's values."""

REFERENCE_ROWS: Final = frozenset({"identity", "truth", "oracle"})
"""Rows that tables are read against: no motion, the true field, the oracle of ``limit``."""


@dataclass(frozen=True)
class EvaluationConfig:
    """What to compare, and on what.

    Attributes:
        methods: Names in the registry, optionally with a preset: ``ssmsr@paper``.
        cases: Phantom cases.
        amplitudes: Largest motion a frame in px; empty for each case's own.
        noises: ``standard``, ``real`` or both.
        speckles: How the phantoms' speckle is formed: ``scatterer``, ``sector``, ``sparse``.
        seeds: Phantoms of each case.
        pairs: Pairs of neighbouring frames of each loop; always a contiguous run, because some
            methods use the frames around a pair.
        size: Phantom size (H, W), px.
        test_time_training: Whether methods that can train themselves on the loop run with it
            off as well as on.
        consistency: Whether loops are also tracked backward.
        held_out: Whether real loops are also tracked with blanked blocks.
        oracle: Whether the limit of one pair by itself is estimated on every phantom.
        device: ``auto``, ``cpu`` or ``cuda``.
        start: First frame of the run of pairs on real loops.
    """

    methods: tuple[str, ...] = ("identity", "dis", "ilk", "ssmsr")
    cases: tuple[str, ...] = PHANTOM_CASES
    amplitudes: tuple[float, ...] = ()
    noises: tuple[str, ...] = NOISES
    speckles: tuple[str, ...] = ("scatterer",)
    seeds: int = setting(2, "Seeds", "Phantoms of each case", minimum=1, maximum=1000)
    pairs: int = setting(24, "Pairs", "Contiguous pairs of each loop", minimum=1, maximum=10000)
    size: tuple[int, int] = (384, 512)
    test_time_training: tuple[bool, ...] = (True, False)
    consistency: bool = True
    held_out: bool = True
    oracle: bool = True
    device: str = "auto"
    start: int = setting(0, "First frame", "Of the run of pairs", minimum=0)

    def __post_init__(self) -> None:
        check_bounds(self)
        for name, chosen, known in (
            ("case", self.cases, PHANTOM_CASES),
            ("noise", self.noises, NOISES),
            ("speckle", self.speckles, SPECKLES),
        ):
            unknown = [item for item in chosen if item not in known]
            if unknown or not chosen:
                raise InputError(
                    f"Unknown {name} '{', '.join(unknown)}'. Choose among {', '.join(known)}."
                )
        if not self.methods:
            raise InputError("Name at least one method to evaluate.")


@dataclass(frozen=True)
class Column:
    """One measured quantity of a table.

    Attributes:
        name: Key and CSV heading.
        unit: Unit, or an empty string.
        digits: Significant digits in the Markdown table.
        group: Heading of the table that shows the column; columns of a group stand together.
        best: ``low``, ``high``, ``one``, or an empty string where no end is better.
    """

    name: str
    unit: str = ""
    digits: int = 3
    best: str = "low"
    group: str = ""

    @property
    def heading(self) -> str:
        """Name with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Row:
    """What one method reached at one scale on one case.

    Attributes:
        case: Phantom case or loop.
        method: Name in the registry (with its preset, if given), ``truth`` or ``oracle``.
        scale: Label of the scale, such as ``1/8``.
        training: ``on`` or ``off`` for methods with test-time training, else empty.
        seed: Of the phantom; 0 for loops.
        values: Column name to value; a value that does not exist is missing.
        pairs: Column name to the values of single pairs, in order, where they are known.
    """

    case: str
    method: str
    scale: str
    training: str
    seed: int
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    pairs: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def title(self) -> str:
        """Method, scale and training in one phrase."""
        training = {"on": ", trained on the loop", "off": ", one pass"}.get(self.training, "")
        scale = "" if self.method in REFERENCE_ROWS else f" {self.scale}"
        return f"{self.method}{scale}{training}"


@dataclass(frozen=True)
class Evaluation:
    """A finished comparison: one run, same pairs, same masks.

    Attributes:
        title: Heading of the table.
        columns: What was measured, in order.
        rows: Every method, scale, case and seed.
        notes: How it was made, for the reader.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def select(
        self, *, case: str | None = None, method: str | None = None, scale: str | None = None
    ) -> tuple[Row, ...]:
        """Return the rows of a case, a method and a scale, each if given."""
        return tuple(
            row
            for row in self.rows
            if case in {None, row.case}
            and method in {None, row.method}
            and scale in {None, row.scale}
        )
