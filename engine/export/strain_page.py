"""Page one of a tissue result: strain that a cardiologist reads in half a minute."""

from __future__ import annotations

from typing import Final

from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from engine.analysis.segments import AHA_NUMBERS
from engine.analysis.strain_words import VIEW_STRAINS
from engine.analysis.wall import EXCLUDED
from engine.export.bullseye import draw_bullseye, model_of, segment_places
from engine.export.curves import draw_curves
from engine.export.facts import ends_reversed, trusted_words
from engine.export.numbers import (
    measured,
    number,
    percent,
    quantity_name,
    region_name,
)
from engine.export.page import CONTENT, MARGIN, Card, Flow, Page
from engine.export.palette import PRINT, STRAIN, STRAIN_LIMIT
from engine.model import Measurement, Measurements, TrackingResult
from engine.model.curve import Curve, curve_of, regions_of

_COMPONENTS: Final = ("strain_longitudinal", "strain_circumferential")


def main_component(measurements: Measurements) -> str | None:
    """Return the strain that the report leads with, or None where there is none."""
    return next((name for name in _COMPONENTS if any(measurements.select(name))), None)


def segment_curves(measurements: Measurements, component: str) -> dict[str, Curve]:
    """Return the curve of every segment of the left ventricle."""
    known = set(segment_places(18)) | set(AHA_NUMBERS)
    found = {}
    for region in regions_of(measurements, component):
        curve = curve_of(measurements, component, region) if region in known else None
        if curve is not None:
            found[region] = curve
    return found


def strain_cards(result: TrackingResult, measurements: Measurements) -> list[Card]:
    """Return the headline numbers that exist: strain, volumes or speed, drift, trust."""
    cards = []
    headline = _first(measurements, VIEW_STRAINS)
    component = main_component(measurements)
    rejected = any(text.startswith(EXCLUDED) for text in measurements.warnings)
    extent = "without rejected segments" if rejected else "whole contour"
    if headline is not None:
        remark = f"End-systolic; this view alone, {extent}"
        label = quantity_name(headline.quantity)
        cards.append(Card(label, measured(headline), remark, doubtful(headline.trust)))
    elif component is not None:
        curve = curve_of(measurements, component, "global")
        value = None if curve is None else curve.at(result.es_frame)
        remark = f"{extent.capitalize()}, at ES"
        if curve is not None and ends_reversed(result):
            after = curve.values[curve.frames >= (result.ed_frame or 0)]
            value = max(after, key=abs, default=None)
            remark = f"{extent.capitalize()}, largest after ED"
        if curve is not None and value is not None:
            label = quantity_name(component)
            cards.append(Card(label, number(value, "%"), remark, doubtful(curve.trust)))
    fraction = _first(measurements, ("ejection_fraction",))
    if fraction is not None:
        remark = _volumes(result, measurements) or "One plane, method of disks"
        cards.append(Card("Ejection fraction", measured(fraction), remark))
    twist = curve_of(measurements, "twist", "global")
    if twist is not None:
        peak = max(twist.values, key=abs)
        cards.append(Card("Twist, largest", number(float(peak), twist.unit)))
    drift = _first(measurements, ("drift",))
    if drift is not None:
        cards.append(Card("Drift over the cycle", measured(drift), "Raw, before compensation"))
    if component is None:
        speed = curve_of(measurements, "speed_mean", "mask")
        if speed is not None:
            top = float(speed.values.max())
            cards.append(Card("Mean speed, highest", number(top, speed.unit), "Over the mask"))
    cards = cards[:3]
    cards.append(Card("Trusted", trusted_words(measurements), "Share of the tracked region"))
    return cards


def doubtful(trust: float | None) -> bool:
    """Return whether less than half of what a value rests on is trusted."""
    return trust is not None and trust < 0.5


def draw_strain(
    page: Page, y: float, result: TrackingResult, measurements: Measurements, component: str
) -> float:
    """Draw strain of the whole contour and the cavity's size over the loop; return the y below.

    Single segments and layers are research values: they stand on the next page.

    Args:
        page: To draw on.
        y: Top, mm.
        result: Gives ED and ES.
        measurements: The values.
        component: Quantity of the strain shown.
    """
    whole = region_name("global")
    shown = [
        ({whole: curve}, f"{quantity_name(quantity)}{words}")
        for quantity, words in ((component, ", whole contour"), *_cavity(measurements))
        if (curve := curve_of(measurements, quantity, "global")) is not None
    ]
    if not shown:
        return y
    page.heading(y + 4, "Over the loop")
    width = CONTENT / max(len(shown), 2)
    for column, (curves, label) in enumerate(shown):
        axes = page.axes(MARGIN + column * width + 9, y + 14, width - 15, 48)
        draw_curves(axes, curves, label, result, bold=(whole,))
    return y + 75


def _cavity(measurements: Measurements) -> tuple[tuple[str, str], ...]:
    """Return the quantity that tells how the cavity empties, and words that follow its name."""
    by_volume = any(measurements.select("volume"))
    return (("volume", ", one plane") if by_volume else ("cavity_area", ""),)


def draw_segments(
    flow: Flow, result: TrackingResult, measurements: Measurements, component: str
) -> None:
    """Draw the segments' curves and the bull's-eye.

    Args:
        flow: Pages to fill.
        result: Gives ED and ES.
        measurements: The values.
        component: Quantity of the strain shown.
    """
    segments = segment_curves(measurements, component)
    if not segments:
        return
    page, y = flow.room(82), flow.y
    page.heading(y + 4, f"Segments, {quantity_name(component).lower()}: research values")
    curves: dict[str, Curve] = {}
    whole = curve_of(measurements, component, "global")
    if whole is not None:
        curves[region_name("global")] = whole
    curves |= {region_name(name): curve for name, curve in segments.items()}
    eye = 66.0
    axes = page.axes(MARGIN + 8, y + 14, CONTENT - eye - 48, 50)
    draw_curves(axes, curves, "Strain", result, bold=(region_name("global"),))
    at_es = {name: curve.at(result.es_frame) for name, curve in segments.items()}
    values = {
        name: value
        for name, value in at_es.items()
        if value is not None and name not in measurements.withheld
    }
    box = page.axes(MARGIN + CONTENT - eye, y + 12, eye, 50)
    draw_bullseye(box, values, model_of(segments), limit=STRAIN_LIMIT)
    middle = MARGIN + CONTENT - eye / 2
    page.text(middle, y + 10.5, "At end-systole, %", size=8, align="center")
    _strain_bar(page, y + 64, eye, STRAIN_LIMIT)
    held = any(name in measurements.withheld for name in segments)
    why = "not in this view, or poorly tracked" if held else "no value from this view"
    page.text(middle, y + 73, f"Hatched: {why}", size=6.8, colour=PRINT.muted, align="center")
    flow.y = y + 78


def draw_layers(
    flow: Flow, result: TrackingResult, measurements: Measurements, component: str
) -> None:
    """Draw the curves of the layers and the strain rate side by side."""
    rate = component.replace("strain_", "strain_rate_")
    speed = curve_of(measurements, rate, "global")
    layers = layer_curves(measurements, component)
    groups = [(layers, f"{quantity_name(component)} by layer")] if layers else []
    if speed is not None:
        groups.append(({region_name("global"): speed}, quantity_name(rate)))
    if not groups:
        return
    page = flow.room(62)
    page.heading(
        flow.y + 4, "Layers and rate: research values" if len(groups) > 1 else groups[0][1]
    )
    width = CONTENT / len(groups)
    for column, (curves, label) in enumerate(groups):
        legend = 26 if len(curves) > 1 else 4
        axes = page.axes(MARGIN + column * width + 9, flow.y + 13, width - 9 - legend, 36)
        draw_curves(axes, curves, label, result)
    flow.y += 60


def segment_table(
    flow: Flow, result: TrackingResult, measurements: Measurements, component: str
) -> None:
    """Draw one row a segment: at ES, largest, time to peak, post-systolic index, trust."""
    segments = segment_curves(measurements, component)
    if not segments:
        return
    page = flow.room(12 + 5.2 * len(segments))
    rows = []
    for name, curve in segments.items():
        given = name not in measurements.withheld
        value = curve.at(result.es_frame) if given else None
        peak = float(max(curve.values, key=abs))
        trust = beat_trust(measurements, name, curve)
        rows.append(
            (
                region_name(name),
                str(AHA_NUMBERS.get(name, "–")),
                "–" if value is None else number(value, "%"),
                number(peak, "%") if given else "–",
                _text(measurements, "time_to_peak", name),
                _text(measurements, "post_systolic_index", name),
                "–" if trust is None else percent(trust),
            )
        )
    header = (
        "Segment", "AHA", "At ES", "Largest", "Time to peak", "Post-systolic index", "Trusted",
    )  # fmt: skip
    flow.y = page.table(flow.y + 2, header, rows, (46, 14, 20, 20, 26, 32, 20)) + 5


def beat_trust(measurements: Measurements, region: str, curve: Curve) -> float | None:
    """Return a segment's trust over the beat, on which its warnings rest; else over the loop.

    Args:
        measurements: All of them.
        region: The segment.
        curve: Its strain, with its trust over the loop.
    """
    beat = (
        row.trust
        for row in measurements.rows
        if row.region == region and row.frame is None and row.trust is not None
    )
    return next(beat, curve.trust)


def layer_curves(measurements: Measurements, component: str) -> dict[str, Curve]:
    """Return the curve of every layer of the wall."""
    found = {}
    for region in regions_of(measurements, component):
        curve = curve_of(measurements, component, region) if region.startswith("layer-") else None
        if curve is not None:
            found[region_name(region.removeprefix("layer-"))] = curve
    return found


def _volumes(result: TrackingResult, measurements: Measurements) -> str:
    """Return the volumes behind the ejection fraction, or an empty string."""
    curve = curve_of(measurements, "volume", "global")
    if curve is None or ends_reversed(result):
        return ""
    ends = (curve.at(result.ed_frame), curve.at(result.es_frame))
    words = [number(value, curve.unit) for value in ends if value is not None]
    return f"{words[0]} at ED, {words[1]} at ES; one plane" if len(words) == 2 else ""


def _strain_bar(page: Page, y: float, width: float, limit: float) -> None:
    axes = page.axes(MARGIN + CONTENT - width + 15, y, width - 30, 2.2)
    mappable = ScalarMappable(Normalize(-limit, limit), STRAIN.as_matplotlib())
    bar = page.figure.colorbar(mappable, cax=axes, orientation="horizontal")
    bar.set_ticks([-limit, 0, limit])
    bar.outline.set_visible(False)
    axes.set_xticklabels(
        [f"\N{MINUS SIGN}{limit:.0f} shorter", "0", f"+{limit:.0f} longer"],
        size=6.5,
        color=PRINT.muted,
    )
    axes.tick_params(length=2, color=PRINT.line, pad=1.5)


def _first(measurements: Measurements, quantities: tuple[str, ...]) -> Measurement | None:
    for quantity in quantities:
        for row in measurements.select(quantity):
            if row.frame is None:
                return row
    return None


def _text(measurements: Measurements, quantity: str, region: str) -> str:
    row = next(measurements.select(quantity, region), None)
    return "–" if row is None else measured(row)
