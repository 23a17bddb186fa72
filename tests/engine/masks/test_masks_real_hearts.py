"""The ends of automatic contours lie at the hinges that a person saw in real loops."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from engine.config import MaskConfig, ReadConfig
from engine.masks.build import build_mask
from engine.pipeline import read_cine
from engine.progress import NullProgress

ECHO = Path(__file__).resolve().parents[4] / "shared" / "data" / "echo"
Hinges = dict[int, tuple[tuple[float, float], tuple[float, float]]]
FOUR_CHAMBER: Hinges = {
    3: ((473, 490), (641, 474)),
    15: ((466, 462), (618, 446)),
    20: ((462, 457), (612, 434)),
}
"""Frame: the septal and the lateral hinge of the mitral valve, px, while the valve is closed."""
FOUR_BEATS: Hinges = {
    24: ((321, 264), (399, 266)),
    31: ((317, 246), (398, 247)),
    54: ((318, 264), (393, 258)),
    58: ((317, 258), (390, 246)),
    77: ((320, 278), (398, 274)),
    85: ((313, 250), (383, 249)),
}
FARTHEST = 0.06
"""How far the ends may lie from the hinges along the wall, of the cavity's length."""


def loop_of(name: str) -> Path:
    """The file of a loop; skips where it is not there."""
    if name.endswith(".mp4"):
        path = ECHO / name
        if not path.exists():
            pytest.skip(f"{path} is not there.")
        return path
    found = get_testdata_file(name, download=False)
    if found is None:
        pytest.skip(f"{name} comes with the package pydicom-data, which is not installed.")
    return Path(str(found))


@pytest.mark.parametrize(
    ("name", "hinges"),
    [("a4c_1024x768.mp4", FOUR_CHAMBER), ("color3d_jpeg_baseline.dcm", FOUR_BEATS)],
)
def test_contours_end_where_the_closed_valve_hinges(name: str, hinges: Hinges) -> None:
    cine = read_cine(loop_of(name), ReadConfig(), NullProgress())
    contours = build_mask(cine, MaskConfig(target="blood"), NullProgress()).contours
    assert contours is not None
    for frame, places in hinges.items():
        curve = contours.endocardial[frame].astype(float)
        length = np.linalg.norm(curve - (curve[0] + curve[-1]) / 2, axis=1).max()
        for place, end, above in zip(places, (0, -1), (15, -16), strict=True):
            down = curve[end] - curve[above]
            along = float((curve[end] - place) @ down / np.linalg.norm(down))
            assert abs(along) < FARTHEST * length
