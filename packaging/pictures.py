"""Draw the pictures of the documentation: automatic contours on a phantom and on public loops."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.config import MaskConfig, ReadConfig  # noqa: E402 - after the path is set
from engine.export.mask_picture import write_mask_picture  # noqa: E402
from engine.model import View  # noqa: E402
from engine.phantom import PhantomConfig, PhantomKind, make_phantom  # noqa: E402
from engine.pipeline import build_mask, read_cine  # noqa: E402
from engine.progress import NullProgress  # noqa: E402

DOCS = ROOT / "docs"
ECHO = ROOT.parent / "shared" / "data" / "echo"
LOOPS = {
    "contours-a4c.png": "a4c_1024x768.mp4",
    "contours-a4c-ticks.png": "a4c_depth_ticks_630x584.mp4",
}
WIDTH_PX = 1500


def main() -> None:
    """Write the phantom's picture, and those of the loops that are there."""
    progress = NullProgress()
    phantom = make_phantom(PhantomConfig(kind=PhantomKind.APICAL, size=(384, 512), frames=32))
    cines = {"contours-phantom.png": phantom.cine}
    for picture, loop in LOOPS.items():
        if (ECHO / loop).exists():
            cines[picture] = read_cine(ECHO / loop, ReadConfig(), progress)
    for picture, cine in cines.items():
        mask = build_mask(cine, MaskConfig(view=View.A4C.value), progress)
        write_mask_picture(DOCS / picture, cine, mask, widest=WIDTH_PX)


if __name__ == "__main__":
    main()
