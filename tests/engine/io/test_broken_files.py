"""Every bad file ends in one sentence that says what to do, and in no other exception."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import h5py
import nibabel
import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

import engine.io.common
from engine.config import ReadConfig
from engine.errors import Cancelled, MyofluxError, ResourceError, UnreadableFileError
from engine.io.dicom_write import write_dicom
from engine.io.reader import read_cine
from engine.model import Cine, Provenance
from engine.progress import NullProgress, RecordingProgress

Read = Callable[..., Cine]


pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:pydicom"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]


def attempt(read: Read, path: Path) -> tuple[Cine | None, str]:
    """Return the loop, or the sentence of the error that reading ended in."""
    try:
        return read(path), ""
    except MyofluxError as error:
        return None, str(error)


def dicom_bytes(frames: np.ndarray, folder: Path, compress: bool) -> bytes:
    path = folder / "x.dcm"
    cine = Cine(frames, Provenance("x", "", "phantom"), np.arange(len(frames)) * 0.02, (0.3, 0.3))
    write_dicom(path, cine, compress=compress)
    return path.read_bytes()


def image_bytes(frame: np.ndarray, kind: str, pages: list[np.ndarray] | None = None) -> bytes:
    buffer = io.BytesIO()
    more = [Image.fromarray(item) for item in pages or []]
    options = {"save_all": True, "append_images": more} if more else {}
    Image.fromarray(frame).save(buffer, kind, **options)
    return buffer.getvalue()


def video_bytes(frames: np.ndarray, kind: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=20)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, "gray").reformat(format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer.getvalue()


@pytest.fixture(scope="module")
def samples(
    speckle: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[bytes, np.ndarray]]:
    """Return whole files of all kinds with what they read as."""
    folder = tmp_path_factory.mktemp("samples")
    nifti = nibabel.Nifti1Image(speckle.transpose(2, 1, 0), np.eye(4)).to_bytes()
    npz = io.BytesIO()
    np.savez_compressed(npz, frames=speckle)
    files = {
        "dicom": dicom_bytes(speckle, folder, compress=False),
        "rle": dicom_bytes(speckle, folder, compress=True),
        "jpeg-dicom": Path(get_testdata_file("examples_ybr_color.dcm")).read_bytes(),
        "j2k-dicom": Path(get_testdata_file("MR_small_jp2klossless.dcm")).read_bytes(),
        "jls-dicom": Path(get_testdata_file("MR_small_jpeg_ls_lossless.dcm")).read_bytes(),
        "jpeg-lossless-dicom": Path(get_testdata_file("SC_rgb_jpeg_gdcm.dcm")).read_bytes(),
        "png": image_bytes(speckle[0], "PNG"),
        "jpeg": image_bytes(speckle[0], "JPEG"),
        "tiff": image_bytes(speckle[0], "TIFF", list(speckle[1:])),
        "bmp": image_bytes(speckle[0], "BMP"),
        "nifti": nifti,
        "nifti-gz": gzip.compress(nifti, mtime=0),
        "npz": npz.getvalue(),
        "mp4": video_bytes(speckle, "mov", "libx264"),
        "avi": video_bytes(speckle, "avi", "mpeg4"),
        "mkv": video_bytes(speckle, "matroska", "libx264"),
    }
    found = {}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        found[name] = (data, read_cine(folder / name, ReadConfig(), NullProgress()).frames)
    return found


NAMES = [
    *("dicom", "rle", "jpeg-dicom", "j2k-dicom", "jls-dicom", "jpeg-lossless-dicom"),
    *("png", "jpeg", "tiff", "bmp", "nifti", "nifti-gz", "npz", "mp4", "avi", "mkv"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_unreadable_or_complete(
    samples: dict[str, tuple[bytes, np.ndarray]], tmp_path: Path, read: Read, name: str
) -> None:
    data, whole = samples[name]
    path = tmp_path / name
    rng = np.random.default_rng(7)
    lengths = {1, 2, 4, 8, 100, 131, 132, 133, 348, 352, len(data) - 1, len(data) - 3}
    lengths |= set(rng.integers(1, len(data), 24).tolist())
    told = 0
    for length in sorted(item for item in lengths if 0 < item < len(data)):
        path.write_bytes(data[:length])
        loop, sentence = attempt(read, path)
        if loop is None:
            told += 1
            assert "\n" not in sentence
            assert sentence.startswith(f"Cannot read {name}: ")
        else:
            # The bytes that were cut held no pixel: an end marker, or padding.
            np.testing.assert_array_equal(loop.frames, whole)
            assert length > 0.8 * len(data)
    assert told > 20


@pytest.mark.parametrize("name", NAMES)
def test_damaged_bytes_raise_nothing_but_our_own_errors(
    samples: dict[str, tuple[bytes, np.ndarray]], tmp_path: Path, read: Read, name: str
) -> None:
    data, _ = samples[name]
    path = tmp_path / name
    rng = np.random.default_rng(11)
    for _ in range(15):
        broken = bytearray(data)
        for place in rng.integers(0, len(data), 12):
            broken[place] = rng.integers(0, 256)
        start = int(rng.integers(0, min(len(data), 600)))
        broken[start : start + 8] = rng.bytes(8)
        path.write_bytes(bytes(broken))
        assert "\n" not in attempt(read, path)[1]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"II*\x00",
            b"GIF89a",
            b"RIFF\0\0\0\0AVI ",
            b"\0\0\0\x18ftypisom",
            b"PK\x03\x04",
            b"\0" * 128 + b"DICM",
            b"\x08\0\x05\0CS",
            b"\x1f\x8b\x08",
            b"\x1aE\xdf\xa3",
            b"BM",
            b"\0\0\x01\xba",
        ]
    ),
    body=st.binary(min_size=0, max_size=400),
)
def test_noise_behind_any_signature_is_refused(
    tmp_path: Path, read: Read, head: bytes, body: bytes
) -> None:
    path = tmp_path / "noise"
    path.write_bytes(head + body)
    loop, sentence = attempt(read, path)
    assert loop is not None or sentence.startswith(("Cannot read noise: ", "noise "))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"KRETZFILE 1.0   and more", "Kretz"),
        (b"just some text that is no loop at all\n" * 9, "no kind that this program knows"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 64, "report"),
        (b"\x93NUMPY" + b"\0" * 64, "NPZ"),
        (gzip.compress(b"text"), "Unpack it first"),
        (b"<PhilipsNative version='1'>" + b" " * 64, "Philips"),
        (b"\0" * 500, "no kind"),
    ],
)
def test_other_files_are_refused_with_advice(
    tmp_path: Path, read: Read, content: bytes, message: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=message):
        read(tmp_path / "file")


def test_a_missing_file_is_told(tmp_path: Path, read: Read) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        read(tmp_path / "nothing.dcm")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, read: Read) -> None:
    os.mkfifo(tmp_path / "loop.dcm")
    with pytest.raises(UnreadableFileError, match="a pipe or a device"):
        read(tmp_path / "loop.dcm")


def test_a_zip_without_arrays_is_refused(tmp_path: Path, read: Read) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableFileError, match="without NumPy arrays"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("creator", "message"),
    [
        ("GEMS_Ultrasound_MovieGroup_001", "GE MovieGroup"),
        ("KRETZ_US", "Kretz"),
        ("PHILIPS US IMAGING DD 001", "Philips"),
    ],
)
def test_vendors_own_loops_are_refused_with_advice(
    dataset: Dataset, save: Callable[..., Path], read: Read, creator: str, message: str
) -> None:
    del dataset.PixelData
    block = dataset.private_block(0x7FE1, creator, create=True)
    block.add_new(0x01, "OB", b"\0" * 64)
    with pytest.raises(UnreadableFileError, match=message) as caught:
        read(save(dataset))
    assert "Export the loop" in str(caught.value)


def test_a_vendors_data_beside_a_standard_image_do_no_harm(
    dataset: Dataset, save: Callable[..., Path], read: Read
) -> None:
    block = dataset.private_block(0x7FE1, "GEMS_Ultrasound_MovieGroup_001", create=True)
    block.add_new(0x01, "OB", b"\0" * 64)
    assert read(save(dataset)).shape == (6, 48, 64)


@pytest.mark.parametrize("name", ["reportsi.dcm", "rtplan.dcm", "waveform_ecg.dcm", "test-SR.dcm"])
def test_dicom_without_an_image(read: Read, name: str) -> None:
    with pytest.raises(UnreadableFileError, match="without an image"):
        read(Path(get_testdata_file(name)))


def test_fewer_frames_than_stated_tell_how_many_there_are(
    dataset: Dataset, save: Callable[..., Path], read: Read
) -> None:
    dataset.NumberOfFrames = 9
    path = save(dataset)
    with pytest.raises(UnreadableFileError, match="6 of 9 frames") as caught:
        read(path)
    assert "--frames 0:6" in str(caught.value)
    assert read(path, frames=(0, 6)).shape[0] == 6
    packed = pydicom.dcmread(path)
    packed.NumberOfFrames = 6
    packed.compress(RLELossless, generate_instance_uid=False)
    packed.NumberOfFrames = 9
    with pytest.raises(UnreadableFileError):
        read(save(packed, "packed.dcm"))


def test_the_memory_bound_is_told_before_decoding(
    dataset: Dataset,
    save: Callable[..., Path],
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = save(dataset)
    monkeypatch.setattr(engine.io.common, "MAX_DECODED_BYTES", 3 * 48 * 64)
    with pytest.raises(ResourceError, match="or 3 frames"):
        read(path)
    assert read(path, frames=(2, 5)).shape[0] == 3


def test_the_memory_bound_holds_for_videos_of_unknown_length(
    samples: dict[str, tuple[bytes, np.ndarray]],
    tmp_path: Path,
    read: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "v.mkv").write_bytes(samples["mkv"][0])
    monkeypatch.setattr(engine.io.common, "MAX_DECODED_BYTES", 3 * 48 * 64)
    with pytest.raises(ResourceError, match="--frames"):
        read(tmp_path / "v.mkv")
    assert read(tmp_path / "v.mkv", frames=(0, 2)).shape[0] == 2


@pytest.mark.parametrize("name", ["dicom", "mp4", "tiff", "nifti", "npz"])
def test_reading_reports_and_can_be_cancelled(
    samples: dict[str, tuple[bytes, np.ndarray]], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(samples[name][0])
    progress = RecordingProgress()
    read_cine(tmp_path / name, ReadConfig(), progress)
    assert progress.steps[-1].done == 6
    progress.cancelled = True
    with pytest.raises(Cancelled):
        read_cine(tmp_path / name, ReadConfig(), progress)


def test_an_hdf5_result_is_no_loop(tmp_path: Path, read: Read) -> None:
    with h5py.File(tmp_path / "result.h5", "w") as file:
        file["mask"] = np.zeros(3)
    with pytest.raises(UnreadableFileError, match="report"):
        read(tmp_path / "result.h5")
