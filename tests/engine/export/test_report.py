"""The report holds every file, says what must be said on every page, and never invents a unit."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from synthetic_results import drift_result, ring_contours, some_measurements, uncalibrated

from engine.config import ReportConfig
from engine.errors import OutputError
from engine.export.curves import draw_curves
from engine.export.detail_pages import settings_words
from engine.export.notices import ARROWS_NOT_REVIEWED, NOT_REVIEWED, reader_warnings
from engine.export.page import MARGIN, WIDTH, Page
from engine.export.palette import PRINT
from engine.export.report import report_pages, write_pdf, write_report
from engine.export.strain_page import beat_trust
from engine.model import Measurement, Measurements, Target, TrackingResult, View
from engine.model.curve import Curve, curve_of
from engine.progress import NullProgress, RecordingProgress


def _texts(page: Page) -> list[str]:
    words = [text.get_text() for text in page.figure.texts]
    for axes in page.figure.axes:
        words += [text.get_text() for text in axes.texts]
        words += [axes.get_title(), axes.get_title(loc="left"), axes.get_xlabel()]
        legend = axes.get_legend()
        words += [] if legend is None else [text.get_text() for text in legend.get_texts()]
    return [word for word in words if word]


def _all_texts(result: TrackingResult, measurements: Measurements) -> str:
    pages = report_pages(result, measurements, ReportConfig())
    return "\n".join(word for page in pages for word in _texts(page))


def _strain(result: TrackingResult) -> Measurements:
    rows = [
        Measurement("ls_a4c", "End-systolic, midwall.", "global", -18.437, "%", trust=0.8),
        Measurement("drift", "Raw.", "global", 0.41, "%"),
        Measurement("ejection_fraction", "Single plane, A4C.", "global", 57.6, "%"),
    ]
    times = result.frame_times_s
    for region, size in (
        ("global", -18.437),
        ("basal_inferoseptal", -15.2),
        ("mid_anterolateral", 4.4),
        ("layer-endocardial", -20.0),
    ):
        for index in range(len(result.mask)):
            value = size * np.sin(np.pi * index / (len(result.mask) - 1))
            time = None if times is None else float(times[index])
            rows.append(
                Measurement(
                    "strain_longitudinal",
                    "(L - L0) / L0.",
                    region,
                    float(value),
                    "%",
                    index + result.first_frame,
                    time,
                    0.8,
                )
            )
    warnings = ("ES from the smallest cavity area: a surrogate.",)
    return Measurements(tuple(rows), warnings, (("gls", "Needs three reviewed views."),))


def _flow(unit: str) -> Measurements:
    rows = [
        Measurement("speed_mean", "Mean.", "mask", 9.6 + k, unit, 5 + k, None, 0.7)
        for k in range(1, 4)
    ]
    return Measurements(tuple(rows), ("No trackable contrast.",), (("vortex", "No contrast."),))


def test_settings_are_words_and_not_a_dump() -> None:
    config = {
        "tracking": {"device": "auto", "init": None, "scales": ["1_8", "1"], "temporal": True},
        "threads": 2,
        "mask": {"notes": ["ES is a surrogate."], "kind": "myocardial wall", "box": {"low": 0.5}},
        "empty": {"name": None},
    }
    assert settings_words(config) == (
        "Mask: box (low 0.5), kind myocardial wall. Threads: 2. "
        "Tracking: device auto, scales 1/8 1, temporal on."
    )
    assert settings_words({}) == ""


def test_all_files_are_written(tmp_path: Path) -> None:
    progress = RecordingProgress()
    result = drift_result()
    out = tmp_path / "new" / "folder"
    files = write_report(result, some_measurements(), out, ReportConfig(), progress)
    names = [path.name for path in files]
    assert names == [
        "measurements.csv", "summary.json", "overlay.mp4", "field-1_2.png", "field-1.png",
        "fields.png", "report.pdf",
    ]  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert all(path.stat().st_size > 100 for path in files)
    assert progress.steps[-1].fraction == 1
    assert "trust" in {step.stage for step in progress.steps}, "untrusted arrows fade"


def test_parts_can_be_left_out(tmp_path: Path) -> None:
    config = ReportConfig(movie=False, pdf=False, figures=False)
    files = write_report(drift_result(), some_measurements(), tmp_path, config, NullProgress())
    assert [path.name for path in files] == ["measurements.csv", "summary.json"]


def test_strain_report_says_what_a_cardiologist_needs() -> None:
    contours = ring_contours(4, (48, 64))
    result = drift_result(view=View.A4C, contours=contours, mark_origins=("R wave", "surrogate"))
    pages = report_pages(result, _strain(result), ReportConfig())
    first = _texts(pages[0])
    text = "\n".join(first)
    assert "−18 %" in first
    assert "58 %" in first
    assert "LS A4C" in first
    assert NOT_REVIEWED in text
    assert "frame 7 (0.140 s)" in text
    assert "surrogate" in first, "where ES comes from"
    assert "ED" in first
    assert "ES" in first
    second = _texts(pages[1])
    assert "−13" in second, "the bull's-eye holds the segment at ES"
    segments = {"Basal inferoseptal", "Mid anterolateral", "−13"}
    assert not segments & set(first), "single segments and layers stay off page one"
    assert segments <= set(second)
    assert not re.search(r"18\.\d", text), "no false precision"
    whole = "\n".join(word for page in pages for word in _texts(page))
    assert "(L - L0) / L0." in whole
    assert "Needs three reviewed views." in whole


def test_a_single_view_is_never_called_gls() -> None:
    result = drift_result(view=View.A4C)
    measurements = _strain(result)
    rows = Measurements(measurements.rows, measurements.warnings, ())
    assert "GLS" not in _all_texts(result, rows)


def test_without_strain_page_one_says_why() -> None:
    measurements = Measurements((), (), (("strain", "The result holds no contours."),))
    pages = report_pages(drift_result(), measurements, ReportConfig())
    assert "The result holds no contours." in _texts(pages[0])


def test_without_calibration_no_page_speaks_of_centimetres_or_seconds() -> None:
    for target in Target:
        result = uncalibrated(target=target)
        text = _all_texts(result, _flow("px/frame"))
        assert not re.search(
            r"cm/s|\bmm\b|\bcm\b|\bms\b|\d s\b|/min", text.split("Fit of every")[0]
        )
        assert "cm/s" not in text


def test_want_of_contrast_hides_the_arrows() -> None:
    result = drift_result(target=Target.BLOOD)
    first = _texts(report_pages(result, _flow("cm/s"), ReportConfig())[0])
    assert "No trackable contrast." in first
    assert not any("cm/s" in word for word in first)


def test_blood_that_was_not_reviewed_says_so_and_what_faint_arrows_are() -> None:
    result = drift_result(target=Target.BLOOD)
    measurements = Measurements(_flow("cm/s").rows, ("vortex-1 lies apart.",))
    trust = np.ones((3, 48, 64), np.float32)
    first = _texts(report_pages(result, measurements, ReportConfig(), trust=trust)[0])
    assert ARROWS_NOT_REVIEWED in first
    assert "Vortex 1 lies apart." in first
    assert "not trusted" in first
    seen = dataclasses.replace(result, reviewed=True)
    assert ARROWS_NOT_REVIEWED not in reader_warnings(seen, measurements)


def test_research_values_stay_off_page_one() -> None:
    result = drift_result(target=Target.BLOOD)
    plain = _flow("cm/s").rows
    rows = (
        *plain,
        Measurement("pressure_difference", "Apex minus base.", "mask", 1.93, "mmHg", 6, 0.12),
        Measurement("relative_strength", "Experimental.", "mask", 2.07, ""),
    )
    pages = report_pages(result, Measurements(rows), ReportConfig())
    texts = [_texts(page) for page in pages]
    assert not any("pressure" in word.lower() or "strength" in word.lower() for word in texts[0])
    assert "1.9 mmHg" in [word for words in texts[1:] for word in words]
    without = report_pages(result, Measurements(plain), ReportConfig())
    assert not any("Appendix" in word for page in without for word in _texts(page))


def test_doubtful_numbers_are_grey_and_origins_are_told() -> None:
    smallest = "smallest area: a surrogate"
    result = drift_result(view=View.A4C, mark_origins=("R wave", smallest))
    rows = (Measurement("ls_a4c", "Lagrangian.", "global", -9.0, "%", trust=0.2),)
    page = report_pages(result, Measurements(rows), ReportConfig())[0]
    value = next(text for text in page.figure.texts if text.get_text() == "−9 %")
    assert value.get_color() == PRINT.muted
    assert "R wave" in _texts(page)
    assert any(word.startswith("smallest area") for word in _texts(page))


def test_end_systole_before_end_diastole_is_told() -> None:
    result = drift_result(
        ed_frame=7, es_frame=5, mark_origins=("largest cavity area: a surrogate", "")
    )
    wrong = "End-systole does not follow end-diastole; check both frames."
    measurements = Measurements(_strain(result).rows, warnings=("Another.", wrong))
    page = report_pages(result, measurements, ReportConfig())[0]
    words = " ".join(_texts(page))
    assert "precedes ED: not used" in words
    assert "at ES" not in words
    assert "largest cavity area" in words
    assert reader_warnings(result, measurements)[:2] == (NOT_REVIEWED, wrong)


def test_how_the_mask_was_made_is_told_after_every_warning() -> None:
    note, other = "Left ventricle found without a click.", "The tracking was stopped."
    result = drift_result(notices=(note, other), config={"mask": {"notes": [note]}})
    told = reader_warnings(result, Measurements((), ("Only 30 frames/s.",)))
    assert told == (NOT_REVIEWED, "Only 30 frames/s.", other, note)
    assert reader_warnings(drift_result(config={"mask": 3}), Measurements(())) == (NOT_REVIEWED,)


def test_that_a_mask_was_read_from_a_file_is_provenance_and_no_warning() -> None:
    note = "Mask read from a file (json)."
    result = drift_result(notices=(note,), config={"mask": {"notes": [note]}})
    assert reader_warnings(result, Measurements(())) == (NOT_REVIEWED,)
    first, *others = report_pages(result, Measurements(()), ReportConfig())
    assert note not in _texts(first)
    assert sum(_texts(page).count(note) for page in others) == 1


def test_every_page_is_marked_and_holds_text_inside_the_paper(tmp_path: Path) -> None:
    result = drift_result(view=View.A4C, config={f"setting_{k}": "value" * 3 for k in range(60)})
    measurements = _strain(result)
    pages = report_pages(result, measurements, ReportConfig())
    for number, page in enumerate(pages, start=1):
        page.finish(number, len(pages), "loop.dcm")
        assert "Research use only, not for diagnosis" in _texts(page)
        page.figure.draw_without_rendering()
        for text in page.figure.texts:
            box = text.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= page.figure.bbox.x1, text.get_text()
            assert box.y0 >= 0, text.get_text()


@pytest.mark.parametrize("name", ["x" * 400 + ".dcm", "a\nb\n$\\frac{c}$ <b>&"])
def test_a_long_or_strange_name_keeps_its_place_in_the_footer(name: str) -> None:
    page = Page("Strain report")
    page.finish(1, 4, name)
    page.figure.draw_without_rendering()
    boxes = {text.get_text(): text.get_window_extent() for text in page.figure.texts}
    source = next(box for words, box in boxes.items() if words.endswith("1 / 4"))
    use = boxes["Research use only, not for diagnosis"]
    assert source.x0 > use.x1
    assert source.height < 2 * use.height, "one line"


def test_a_wall_at_rest_draws_no_curve_of_rounding_errors() -> None:
    curve = Curve(np.arange(5, 9), None, np.array([0.0, 1e-9, 3e-9, 1e-8]), "%")
    axes = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    draw_curves(axes, {"Whole contour": curve}, "Strain", drift_result())
    low, high = axes.get_ylim()
    assert high - low >= 2


def test_pdf_is_a4_with_embedded_truetype(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    result = drift_result(frames=None)
    write_pdf(path, result, _strain(result), ReportConfig())
    data = path.read_bytes()
    boxes = re.findall(rb"/MediaBox \[ ?([\d. ]+)\]", data)
    assert boxes
    for box in boxes:
        assert [float(side) for side in box.split()] == pytest.approx([0, 0, 595.3, 841.9], abs=1)
    assert b"/FontFile2" in data, "TrueType, embedded"
    assert b"/Type3" not in data


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is missing")
def test_another_reader_finds_the_words(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    result = drift_result(view=View.A4C)
    write_pdf(path, result, _strain(result), ReportConfig())
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, text=True)
    pages = done.stdout.strip("\f").split("\f")
    assert len(pages) >= 2
    assert all("Research use only, not for diagnosis" in page for page in pages)
    assert "−18 %" in pages[0]


def test_a_failing_disk_leaves_no_half_written_pdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PdfPages, "savefig", fail)
    with pytest.raises(OutputError, match="disk is full"):
        write_pdf(tmp_path / "r.pdf", drift_result(), some_measurements(), ReportConfig())
    assert not list(tmp_path.iterdir())


def test_the_name_of_a_late_mark_stands_before_its_line_and_not_in_the_legend() -> None:
    curve = Curve(np.arange(5, 9), 0.1 + 0.02 * np.arange(4), np.array([0.0, -5, -9, -12]), "%")
    figure = Figure()
    axes = figure.add_axes((0.1, 0.1, 0.5, 0.8))
    result = drift_result(ed_frame=5, es_frame=8)
    draw_curves(axes, {"Endocardial": curve, "Midwall": curve}, "Strain", result)
    figure.draw_without_rendering()
    legend = axes.get_legend()
    assert legend is not None
    marks = [text for text in axes.texts if text.get_text() in {"ED", "ES"}]
    assert len(marks) == 2
    for mark in marks:
        assert mark.get_window_extent().x1 <= legend.get_window_extent().x0


def test_a_segment_is_as_trusted_in_the_table_as_in_its_warning() -> None:
    region = "segment-basal-inferoseptal"
    beat = Measurement("time_to_peak", "", region, 300.0, "ms", trust=0.48)
    loop = [
        Measurement("strain_longitudinal", "", region, -10.0, "%", frame=frame, trust=0.9)
        for frame in range(3)
    ]
    rows = Measurements((*loop, beat))
    curve = curve_of(rows, "strain_longitudinal", region)
    assert curve is not None
    assert beat_trust(rows, region, curve) == 0.48
    assert beat_trust(Measurements(tuple(loop)), region, curve) == pytest.approx(0.9)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_blood_page_shows_velocity_vorticity_and_the_ways_of_vortices(calibrated: bool) -> None:
    result = dataclasses.replace(
        drift_result() if calibrated else uncalibrated(), target=Target.BLOOD, es_frame=None
    )
    length, turn, speed = (
        ("mm", "m^2/s", "cm/s") if calibrated else ("px", "px^2/frame", "px/frame")
    )
    rows = list(_flow(speed).rows)
    for index in range(1, 4):
        for quantity, value, unit in (
            ("vortex_x", 10.0 + index, length),
            ("vortex_y", 8.0, length),
            ("circulation", -2.0, turn),
        ):
            rows.append(Measurement(quantity, "V.", "vortex-1", value, unit, 5 + index, None, 0.7))
    page = report_pages(result, Measurements(tuple(rows)), ReportConfig())[0]
    words = _texts(page)
    for title in ("Velocity: frame", "Vorticity: frame", "Paths of the vortices"):
        assert any(word.startswith(title) for word in words), title
    assert any(word == f"Vorticity\n1/{'s' if calibrated else 'frame'}" for word in words)
    ends = [axes.get_position().x1 for axes in page.figure.axes if axes.images]
    assert max(ends) > 0.7, "the row of pictures fills the page's width"
    assert max(ends) < 1 - MARGIN / WIDTH + 1e-6


def test_a_segment_that_is_withheld_has_a_curve_and_no_number() -> None:
    result = drift_result(contours=ring_contours(4, (48, 64)), es_frame=7)
    measurements = _strain(result)
    held = dataclasses.replace(measurements, withheld=("mid_anterolateral",))
    for given, count in ((measurements, 0), (held, 1)):
        pages = report_pages(result, given, ReportConfig())
        words = [word for page in pages for word in _texts(page)]
        assert "Mid anterolateral" in words
        own = f"{4.4 * np.sin(2 * np.pi / 3):.0f} %"
        assert (own not in words) is bool(count)
