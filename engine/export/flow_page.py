"""Page one of a blood result: speed and vortices that are read in half a minute."""

from __future__ import annotations

from typing import Final

from engine.export.curves import draw_curves
from engine.export.facts import trusted_words
from engine.export.notices import lacks_contrast
from engine.export.numbers import number, plain_number, quantity_name, region_name, unit_sign
from engine.export.page import CONTENT, MARGIN, Card, Page
from engine.model import Measurements, TrackingResult
from engine.model.curve import Curve, curve_of, regions_of

_MOST_VORTICES: Final = 6
_COLUMNS: Final = (
    "circulation",
    "vortex_area",
    "vortex_depth",
    "vortex_length",
    "vortex_width",
    "sphericity",
)


def flow_cards(measurements: Measurements) -> list[Card]:
    """Return the headline numbers that exist: speed, strongest vortex, energy, trust."""
    cards = []
    if not lacks_contrast(measurements):
        trusted = curve_of(measurements, "speed_mean_trusted", "mask")
        speed = trusted or curve_of(measurements, "speed_mean", "mask")
        if speed is not None:
            remark = "Mean over the trusted vectors" if trusted else "Mean over the mask"
            top = float(speed.values.max())
            cards.append(Card("Mean speed, highest", number(top, speed.unit), remark))
        strongest = strongest_vortex(measurements)
        if strongest is not None:
            name, curve = strongest
            value = float(max(curve.values, key=abs))
            remark = f"{region_name(name)}, largest over the loop"
            cards.append(Card("Circulation", number(value, curve.unit), remark))
        energy = curve_of(measurements, "kinetic_energy", "mask")
        if energy is not None:
            top = 1e3 * float(energy.values.max())
            cards.append(Card("Kinetic energy, peak", number(top, "mJ/m"), "Per metre of depth"))
    cards.append(Card("Trusted", trusted_words(measurements), "Share of the tracked region"))
    return cards


def strongest_vortex(measurements: Measurements) -> tuple[str, Curve] | None:
    """Return the vortex whose circulation is largest at some frame, or None."""
    found = [
        (region, curve)
        for region in regions_of(measurements, "circulation")
        if (curve := curve_of(measurements, "circulation", region)) is not None
    ]
    return max(found, key=lambda item: float(abs(item[1].values).max()), default=None)


def draw_flow(page: Page, y: float, result: TrackingResult, measurements: Measurements) -> float:
    """Draw curves of speed and of circulation; return the y below."""
    curves = {}
    for label, quantity in (
        ("Mean", "speed_mean"),
        ("Mean, trusted", "speed_mean_trusted"),
        ("Largest", "speed_max"),
    ):
        curve = curve_of(measurements, quantity, "mask")
        if curve is not None:
            curves[label] = curve
    vortices = {
        region_name(region): curve
        for region in regions_of(measurements, "circulation")[:_MOST_VORTICES]
        if (curve := curve_of(measurements, "circulation", region)) is not None
    }
    shown = [(curves, "Speed"), (vortices, "Circulation")]
    shown = [(group, label) for group, label in shown if group]
    if not shown:
        return y
    page.heading(y + 4, "Over the loop")
    width = CONTENT / len(shown)
    for column, (group, label) in enumerate(shown):
        legend = 28 if len(group) > 1 else 6
        x = MARGIN + column * width + 10
        draw_curves(page.axes(x, y + 14, width - 10 - legend, 42), group, label, result)
    return y + 68


def vortex_table(page: Page, y: float, measurements: Measurements) -> float:
    """Draw one row a vortex, at the frame of its largest circulation; return the y below."""
    regions = regions_of(measurements, "circulation")[:_MOST_VORTICES]
    if not regions:
        return y
    page.heading(y + 4, "Vortices, each at the frame of its largest circulation")
    rows = []
    units: dict[str, str] = {}
    for region in regions:
        curve = curve_of(measurements, "circulation", region)
        if curve is None:
            continue
        frame = int(curve.frames[abs(curve.values).argmax()])
        cells = [region_name(region), str(frame)]
        for quantity in _COLUMNS:
            other = curve_of(measurements, quantity, region)
            value = None if other is None else other.at(frame)
            cells.append("–" if other is None or value is None else plain_number(value, other.unit))
            if other is not None:
                units[quantity] = other.unit
        cells.append("–" if curve.trust is None else plain_number(100 * curve.trust, "%"))
        rows.append(cells)
    header = ["Vortex", "Frame"]
    for quantity in _COLUMNS:
        name = quantity_name(quantity.removeprefix("vortex_"))
        unit = unit_sign(units.get(quantity, ""))
        header.append(f"{name}, {unit}" if unit else name)
    header.append("Trusted, %")
    widths = (24, 14, 30, 20, 18, 18, 18, 18, 18)
    return page.table(y + 9, header, rows, widths) + 5
