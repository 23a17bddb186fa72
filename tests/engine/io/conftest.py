"""Small loops and files that the tests of reading and writing share."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian
from scipy.ndimage import gaussian_filter, shift

from engine.config import ReadConfig
from engine.io.dicom_write import write_dicom
from engine.io.reader import read_cine
from engine.model import Cine, Provenance
from engine.progress import NullProgress

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def speckle() -> np.ndarray:
    """Return six frames (6, 48, 64) of drifting smooth speckle, uint8."""
    rng = np.random.default_rng(1)
    texture = gaussian_filter(rng.normal(size=(72, 88)), 2.0)
    texture = (texture - texture.min()) / np.ptp(texture) * 230 + 10
    frames = [shift(texture, (0.5 * k, 0.8 * k), order=3)[8:56, 8:72] for k in range(6)]
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


@pytest.fixture
def cine(speckle: np.ndarray) -> Cine:
    """Return the speckle loop at 50 frames/s with unequal spacing and two R waves."""
    return Cine(
        frames=speckle,
        provenance=Provenance("speckle", "0" * 64, "phantom"),
        frame_times_s=np.arange(6) * 0.02,
        spacing_mm=(0.25, 0.4),
        r_times_s=(0.01, 0.09),
        heart_rate_bpm=750.0,
    )


@pytest.fixture
def dataset(cine: Cine, tmp_path: Path) -> Dataset:
    """Return the loop as an uncompressed DICOM data set, ready to be changed."""
    path = tmp_path / "plain" / "loop.dcm"
    write_dicom(path, cine)
    return pydicom.dcmread(path)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Dataset], Path]:
    """Return a function that saves a data set and tells where."""

    def save_as(dataset: Dataset, name: str = "changed.dcm") -> Path:
        path = tmp_path / name
        pydicom.dcmwrite(path, dataset, enforce_file_format=True)
        return path

    return save_as


@pytest.fixture(scope="session")
def read() -> Callable[..., Cine]:
    """Return a short form of reading."""

    def read_file(path: Path, **options: object) -> Cine:
        return read_cine(path, ReadConfig(**options), NullProgress())  # type: ignore[arg-type]

    return read_file


@pytest.fixture(scope="session")
def encode() -> Callable[[Dataset, UID, list[bytes]], Dataset]:
    """Return a function that puts compressed frames into a data set."""

    def encapsulated(dataset: Dataset, syntax: UID, frames: list[bytes]) -> Dataset:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate(frames)
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        return dataset

    return encapsulated


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """Return a function that compresses a picture with Pillow."""

    def compress(pixels: np.ndarray, kind: str = "JPEG", **options: object) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **options)
        return buffer.getvalue()

    return compress


@pytest.fixture(scope="session")
def tinted(speckle: np.ndarray) -> np.ndarray:
    """Return the loop (6, 48, 64, 3) with a tint, so that a colour mistake shows."""
    frames = speckle.astype(np.float64)
    return np.stack([frames, frames * 0.8, frames * 0.5], axis=-1).astype(np.uint8)


@pytest.fixture
def rgb_dataset(dataset: Dataset, tinted: np.ndarray) -> Dataset:
    """Return the tinted loop as an uncompressed RGB data set."""
    dataset.SamplesPerPixel = 3
    dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.PixelData = tinted.tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real loops, or skip."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real loops are not at {REAL_DATA}")
    return REAL_DATA
