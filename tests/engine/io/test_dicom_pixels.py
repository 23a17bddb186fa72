"""Pixels of every transfer syntax come out as they went in, and no colour is converted twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import gdcm
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import convert_color_space, pixel_array
from pydicom.uid import (
    JPEG2000,
    MPEG2MPML,
    MPEG4HP41,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from engine.errors import UnreadableFileError
from engine.model import Cine

Read = Callable[..., Cine]
Save = Callable[..., Path]
Encode = Callable[[Dataset, UID, list[bytes]], Dataset]
Compress = Callable[..., bytes]

LUMA = np.array([0.299, 0.587, 0.114])


def luma_of(pixels: np.ndarray) -> np.ndarray:
    """Return BT.601 luma, unrounded."""
    return pixels.astype(np.float64) @ LUMA


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian],
)
def test_uncompressed_frames_are_exact(
    dataset: Dataset, speckle: np.ndarray, save: Save, read: Read, syntax: UID
) -> None:
    dataset.file_meta.TransferSyntaxUID = syntax
    loop = read(save(dataset))
    np.testing.assert_array_equal(loop.frames, speckle)
    assert loop.provenance.transfer_syntax == syntax.name
    assert loop.spacing_mm == pytest.approx((0.25, 0.4))


def gdcm_compressed(path: Path, syntax: int) -> Path:
    """Return a copy of a DICOM file whose frames GDCM has compressed."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    target = path.with_name("compressed.dcm")
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target


@pytest.mark.parametrize(
    "syntax",
    [
        gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        gdcm.TransferSyntax.JPEGLosslessProcess14,
        gdcm.TransferSyntax.JPEGLSLossless,
        gdcm.TransferSyntax.JPEG2000Lossless,
        gdcm.TransferSyntax.RLELossless,
    ],
)
@pytest.mark.parametrize("colour", [False, True])
def test_lossless_frames_by_gdcm_are_exact(
    *,
    dataset: Dataset,
    speckle: np.ndarray,
    tinted: np.ndarray,
    save: Save,
    read: Read,
    syntax: int,
    colour: bool,
) -> None:
    if colour:
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
        dataset.PhotometricInterpretation = "RGB"
        dataset.PixelData = tinted.tobytes()
    frames = read(gdcm_compressed(save(dataset), syntax)).frames
    truth = np.rint(luma_of(tinted)) if colour else speckle
    assert np.abs(frames - truth).max() <= (1 if colour else 0)


def test_jpeg_baseline_grey(
    *, dataset: Dataset, speckle: np.ndarray, save: Save, read: Read, encode: Encode, jpeg: Compress
) -> None:
    encode(dataset, JPEGBaseline8Bit, [jpeg(frame, quality=95) for frame in speckle])
    frames = read(save(dataset)).frames.astype(float)
    assert np.abs(frames - speckle).mean() < 1.5


@pytest.mark.parametrize("irreversible", [True, False])
def test_jpeg_2000_lossy_grey(
    *,
    dataset: Dataset,
    speckle: np.ndarray,
    save: Save,
    read: Read,
    encode: Encode,
    jpeg: Compress,
    irreversible: bool,
) -> None:
    packed = [jpeg(f, "JPEG2000", irreversible=irreversible, no_jp2=True) for f in speckle]
    encode(dataset, JPEG2000, packed)
    frames = read(save(dataset)).frames.astype(float)
    assert np.abs(frames - speckle).mean() < 1.5


@pytest.mark.parametrize(
    ("subsampling", "photometric"), [(0, "YBR_FULL"), (1, "YBR_FULL_422"), (2, "YBR_FULL_422")]
)
def test_jpeg_colour_is_converted_once(
    *,
    rgb_dataset: Dataset,
    tinted: np.ndarray,
    save: Save,
    read: Read,
    encode: Encode,
    jpeg: Compress,
    subsampling: int,
    photometric: str,
) -> None:
    frames = [jpeg(frame, quality=97, subsampling=subsampling) for frame in tinted]
    encode(rgb_dataset, JPEGBaseline8Bit, frames)
    rgb_dataset.PhotometricInterpretation = photometric
    loop = read(save(rgb_dataset))
    assert np.abs(loop.frames - luma_of(tinted)).mean() < 1.0
    twice = luma_of(convert_color_space(tinted[0], "YBR_FULL", "RGB"))
    assert np.abs(twice - luma_of(tinted[0])).mean() > 5, "the test must tell them apart"
    assert any("coloured" in item for item in loop.provenance.warnings)


def test_jpeg_whose_components_are_rgb_without_a_marker(
    rgb_dataset: Dataset, tinted: np.ndarray, save: Save, read: Read, encode: Encode
) -> None:
    packed = []
    for frame in tinted:
        buffer = io.BytesIO()
        # Pillow is told that red, green and blue are luma and chroma, and stores them as they are.
        Image.frombytes("YCbCr", (64, 48), frame.tobytes()).save(
            buffer, "JPEG", quality=97, subsampling=0
        )
        data = buffer.getvalue()
        start = data.index(b"\xff\xe0")
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        packed.append(data[:start] + data[start + 2 + length :])
    encode(rgb_dataset, JPEGBaseline8Bit, packed)
    frames = read(save(rgb_dataset)).frames
    assert np.abs(frames - luma_of(tinted)).mean() < 1.0


@pytest.mark.parametrize("full_length", [False, True])
def test_uncompressed_ybr_gives_its_first_channel(
    rgb_dataset: Dataset, tinted: np.ndarray, save: Save, read: Read, full_length: bool
) -> None:
    ybr = np.stack([convert_color_space(frame, "RGB", "YBR_FULL") for frame in tinted])
    if full_length:
        data = ybr  # some writers say 422 and store all three channels
    else:
        pairs = ybr.reshape(6, 48, 32, 2, 3)
        data = np.stack(
            [pairs[..., 0, 0], pairs[..., 1, 0], pairs[..., 0, 1], pairs[..., 0, 2]], axis=-1
        )
    rgb_dataset.PixelData = data.tobytes()
    rgb_dataset.PhotometricInterpretation = "YBR_FULL_422"
    np.testing.assert_array_equal(read(save(rgb_dataset)).frames, ybr[..., 0])


@pytest.mark.parametrize("planar", [0, 1])
def test_uncompressed_rgb_gives_luma(
    rgb_dataset: Dataset, tinted: np.ndarray, save: Save, read: Read, planar: int
) -> None:
    rgb_dataset.PlanarConfiguration = planar
    data = np.moveaxis(tinted, -1, 1) if planar else tinted
    rgb_dataset.PixelData = np.ascontiguousarray(data).tobytes()
    frames = read(save(rgb_dataset)).frames
    assert np.abs(frames - luma_of(tinted)).max() <= 0.51


def test_grey_stored_as_rgb_is_exact_and_not_called_coloured(
    rgb_dataset: Dataset, speckle: np.ndarray, save: Save, read: Read
) -> None:
    rgb_dataset.PixelData = np.repeat(speckle[..., None], 3, axis=-1).tobytes()
    loop = read(save(rgb_dataset))
    np.testing.assert_array_equal(loop.frames, speckle)
    assert not loop.provenance.warnings


def test_monochrome1_is_inverted(
    dataset: Dataset, speckle: np.ndarray, save: Save, read: Read
) -> None:
    dataset.PhotometricInterpretation = "MONOCHROME1"
    np.testing.assert_array_equal(read(save(dataset)).frames, 255 - speckle)


def test_ten_bits_are_scaled_and_it_is_said(
    dataset: Dataset, speckle: np.ndarray, save: Save, read: Read
) -> None:
    deep = speckle.astype(np.uint16) * 4 + 3
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 10, 9
    dataset.PixelData = deep.tobytes()
    dataset["PixelData"].VR = "OW"
    loop = read(save(dataset))
    assert np.abs(loop.frames.astype(float) - speckle).max() <= 1
    assert any("from 10 to 8 bits" in item for item in loop.provenance.warnings)


@pytest.mark.parametrize(("codec", "syntax"), [("mpeg2video", MPEG2MPML), ("libx264", MPEG4HP41)])
def test_mpeg_inside_dicom(
    *,
    rgb_dataset: Dataset,
    speckle: np.ndarray,
    save: Save,
    read: Read,
    encode: Encode,
    codec: str,
    syntax: UID,
) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in speckle:
            picture = av.VideoFrame.from_ndarray(frame, format="gray")
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode())
    data = buffer.getvalue()
    halves = [data[: len(data) // 2 // 2 * 2], data[len(data) // 2 // 2 * 2 :]]
    encode(rgb_dataset, syntax, halves)
    rgb_dataset.PhotometricInterpretation = "YBR_PARTIAL_420"
    loop = read(save(rgb_dataset))
    assert loop.shape == (6, 48, 64)
    assert np.abs(loop.frames.astype(float) - speckle).mean() < 6


def test_a_range_of_frames_keeps_source_numbers_and_clock(
    dataset: Dataset, speckle: np.ndarray, save: Save, read: Read
) -> None:
    path = save(dataset)
    loop = read(path, frames=(2, 5))
    np.testing.assert_array_equal(loop.frames, speckle[2:5])
    assert loop.first_frame == 2
    np.testing.assert_allclose(loop.frame_times_s, [0.04, 0.06, 0.08])
    assert loop.r_times_s == pytest.approx((0.01, 0.09))
    assert read(path, frames=(None, 2)).shape[0] == 2
    assert read(path, frames=(4, None)).first_frame == 4


def test_without_preamble_or_file_meta(
    dataset: Dataset, speckle: np.ndarray, tmp_path: Path, read: Read
) -> None:
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    whole = tmp_path / "whole.dcm"
    dataset.save_as(whole)
    bare = tmp_path / "bare"
    bare.write_bytes(whole.read_bytes()[132:])
    np.testing.assert_array_equal(read(bare).frames, speckle)
    old = tmp_path / "old"
    plain = Dataset()
    plain.update(dataset)
    pydicom.dcmwrite(old, plain, implicit_vr=True, little_endian=True)
    np.testing.assert_array_equal(read(old).frames, speckle)


def test_12_bit_jpeg_says_that_it_cannot_be_decoded(read: Read) -> None:
    with pytest.raises(UnreadableFileError, match="12 bits, which cannot be decoded"):
        read(Path(get_testdata_file("JPGExtended.dcm")))


@pytest.mark.parametrize(
    "name",
    [
        "SC_jpeg_no_color_transform.dcm",
        "SC_jpeg_no_color_transform_2.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_rle.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "SC_rgb_jls_lossy_sample.dcm",
        "JPEGLSNearLossless_08.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "GDCMJ2K_TextGBR.dcm",
        "examples_rgb_color.dcm",
        "examples_jpeg2k.dcm",
        "ExplVR_BigEnd.dcm",
    ],
)
def test_files_of_other_writers_agree_with_pydicom(read: Read, name: str) -> None:
    path = get_testdata_file(name)
    pixels = pixel_array(pydicom.dcmread(path))
    truth = luma_of(pixels) if pixels.ndim == 3 else pixels
    difference = np.abs(read(Path(path)).frames[0] - truth)
    # pydicom goes through RGB, which clips saturated colours and so bends their luma.
    assert np.mean(difference) < 0.5
    assert np.percentile(difference, 95) <= 4.5
