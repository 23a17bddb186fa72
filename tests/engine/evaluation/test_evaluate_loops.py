"""The comparison on real loops, here on a file that holds a phantom's picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError
from engine.evaluation.figures import evaluate_figures
from engine.evaluation.loops import evaluate_loops, triplet_error
from engine.evaluation.records import EvaluationConfig
from engine.phantom import PhantomConfig, make_phantom
from engine.progress import NullProgress

CONFIG = EvaluationConfig(methods=("identity", "dis"), pairs=3)


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = PhantomConfig(kind="rigid", size=(192, 224), frames=6, cycle_frames=24)  # type: ignore[arg-type]
    pictures = [Image.fromarray(frame) for frame in make_phantom(config).cine.frames]
    path = tmp_path_factory.mktemp("loop") / "loop.tif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    return path


def test_identity_is_consistent_and_fits_worse_than_a_method(loop: Path) -> None:
    rows = {row.method: row.values for row in evaluate_loops([loop], CONFIG, NullProgress()).rows}
    still, found = rows["identity"], rows["dis"]
    assert still["triplet"] == still["forward-backward"] == still["found motion"] == 0
    assert found["held-out NLCC"] > still["held-out NLCC"]
    assert found["held-out MSE"] < still["held-out MSE"]
    assert found["in-sample NLCC"] > still["in-sample NLCC"]


def test_a_steady_drift_is_consistent_and_a_wrong_direct_field_is_not() -> None:
    mask = np.ones((4, 24, 32), bool)
    steady = np.zeros((3, 2, 24, 32), np.float32)
    steady[:, 0] = 1.5
    direct = 2 * steady[:1]
    assert triplet_error(steady, [direct, direct], mask) == pytest.approx(0, abs=1e-6)
    assert triplet_error(steady, [direct + 3, direct + 3], mask) == pytest.approx(np.hypot(3, 3))


def test_a_start_beyond_the_loop_is_refused(loop: Path) -> None:
    with pytest.raises(InputError, match="earlier first frame"):
        evaluate_loops([loop], replace(CONFIG, start=4), NullProgress())


def test_figures_are_drawn_for_a_pair(loop: Path, tmp_path: Path) -> None:
    (picture,) = evaluate_figures(loop, replace(CONFIG, start=2), tmp_path, NullProgress())
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.width > 400
    with pytest.raises(InputError, match="at the latest"):
        evaluate_figures(loop, replace(CONFIG, start=5), tmp_path, NullProgress())
