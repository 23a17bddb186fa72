"""Pictures of fields show every scale alike, in the right unit, and direction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from PIL import Image
from synthetic_results import drift_result, ring_contours, uncalibrated

from engine.config import ReportConfig
from engine.errors import InputError, OutputError
from engine.export.figures import backdrop, busiest_frame, write_comparison, write_field_figures
from engine.export.palette import SPEED
from engine.export.panels import Backdrop, Panel, field_figure
from engine.model import Scale, ScaleField
from engine.progress import NullProgress


def _texts(panels: list[Panel], behind: Backdrop) -> str:
    figure = field_figure(panels, behind, 5.0, "Frame 3")
    words = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        words += [axes.get_title(), axes.get_title(loc="left")]
        words += [text.get_text() for text in axes.texts]
    return " ".join(words)


def _panel(vx: float, vy: float, size: tuple[int, int] = (64, 64)) -> Panel:
    velocity = np.empty((2, *size))
    velocity[0], velocity[1] = vx, vy
    return Panel("Scale 1", velocity)


def test_every_scale_has_its_picture(tmp_path: Path) -> None:
    paths = write_field_figures(tmp_path, drift_result(), ReportConfig(), NullProgress())
    assert [path.name for path in paths] == ["field-1_2.png", "field-1.png", "fields.png"]
    for path in paths:
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2).max() > 60


def test_panels_share_grid_length_and_colours() -> None:
    behind = Backdrop(np.ones((64, 64), bool), "cm/s")
    figure = field_figure([_panel(2, 0), _panel(2, 0), _panel(4, 0)], behind, 5.0, "")
    arrows = [
        next(item for item in axes.collections if isinstance(item, PolyCollection))
        for axes in figure.axes[:3]
    ]
    first, second, third = ([path.vertices for path in item.get_paths()] for item in arrows)
    assert np.allclose(first, second)
    assert np.allclose(np.ptp(third, axis=1)[:, 0], 2 * np.ptp(first, axis=1)[:, 0])
    assert np.allclose(arrows[2].get_facecolor()[0, :3], SPEED.colours(4, 0, 5) / 255)


def test_upward_motion_points_up_on_paper() -> None:
    behind = Backdrop(np.ones((64, 64), bool), "cm/s", pixel=(1.0, 0.5))
    figure = field_figure([_panel(0, 3)], behind, 5.0, "")
    axes = figure.axes[0]
    shape = next(c for c in axes.collections if isinstance(c, PolyCollection)).get_paths()[0]
    screen = axes.transData.transform(shape.vertices)
    tip, tail = screen[3], (screen[0] + screen[6]) / 2
    assert tip[1] > tail[1] + 5
    assert tip[0] == pytest.approx(tail[0], abs=0.5)


def test_doubtful_arrows_are_pale() -> None:
    panel = _panel(3, 0)
    trust = np.ones((64, 64))
    trust[:, :32] = 0.1
    figure = field_figure(
        [Panel("", panel.velocity, trust)], Backdrop(np.ones((64, 64), bool), "cm/s"), 5.0, ""
    )
    arrows = next(c for c in figure.axes[0].collections if isinstance(c, PolyCollection))
    assert set(np.unique(np.round(arrows.get_facecolor()[:, 3], 3))) == {0.4, 1.0}


def test_units_are_named_and_never_invented() -> None:
    calibrated, plain = drift_result(), uncalibrated()
    panels = [_panel(1, 1, (48, 64))]
    assert "cm/s" in _texts(panels, backdrop(calibrated, 1))
    text = _texts(panels, backdrop(plain, 1))
    assert "px/frame" in text
    assert "cm" not in text
    assert "Research use only, not for diagnosis" in text


def test_the_busiest_frame_is_found_and_others_can_be_chosen(tmp_path: Path) -> None:
    displacement = np.zeros((3, 2, 48, 64), np.float32)
    displacement[1, 0] = 3
    result = drift_result(
        fields=(ScaleField(Scale.FULL, displacement),), contours=ring_contours(4, (48, 64))
    )
    assert busiest_frame(result) == 2
    paths = write_field_figures(tmp_path, result, ReportConfig(), NullProgress(), frame=1)
    assert [path.name for path in paths] == ["field-1.png"]
    with pytest.raises(InputError, match="from 6 to 8"):
        write_field_figures(tmp_path, result, ReportConfig(), NullProgress(), frame=0)


def test_methods_are_compared_on_one_page(tmp_path: Path) -> None:
    mask = np.zeros((48, 64), bool)
    mask[10:40, 10:50] = True
    still = np.zeros((2, 48, 64), np.float32)
    fields = [("identity", still), ("SSMSR 1", still - 2), ("DIS", still + 1)]
    path = tmp_path / "compare.pdf"
    write_comparison(path, fields, mask, spacing_mm=(0.3, 0.3), interval_s=0.02, note="Pair 7")
    assert path.read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="no field to compare"):
        write_comparison(path, [], mask)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError):
        write_field_figures(tmp_path / "out", drift_result(), ReportConfig(), NullProgress())


def test_no_window_toolkit_state_is_touched() -> None:
    code = "import sys, engine.export.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
