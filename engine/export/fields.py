"""Full fields for other programs: NIfTI, VTK image data, and NPZ, one set for every scale.

NIfTI and NPZ keep the pull-back displacement in image axes (x right, y down); VTK files hold the
velocity as it is shown (x right, y up), so that viewers draw it upright.
"""

from __future__ import annotations

import base64
import struct
from enum import StrEnum
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from engine.export.overlay import pair_velocity
from engine.io.atomic import atomic_path
from engine.model import ScaleField, TrackingResult
from engine.progress import Progress, Step


class FieldFormat(StrEnum):
    """Formats that a field can be written in."""

    NIFTI = "nifti"
    VTK = "vtk"
    NPZ = "npz"


def write_fields(
    out_dir: Path, result: TrackingResult, field_format: FieldFormat, progress: Progress
) -> tuple[Path, ...]:
    """Write the fields of every scale.

    Args:
        out_dir: Folder of the files.
        result: What was tracked.
        field_format: Format to write.
        progress: Told of every scale.

    Returns:
        The files.

    Raises:
        OutputError: If a file cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; finished files stay.
    """
    if field_format is FieldFormat.NPZ:
        path = out_dir / "fields.npz"
        write_npz(path, result)
        return (path,)
    files: list[Path] = []
    for done, item in enumerate(result.fields, start=1):
        progress.check()
        if field_format is FieldFormat.NIFTI:
            files.append(out_dir / f"displacement-{item.scale.value}.nii.gz")
            write_nifti(files[-1], result, item)
        else:
            files += write_vtk(out_dir, result, item, progress)
        fraction = done / len(result.fields)
        progress.report(Step("fields", done, len(result.fields), fraction=fraction))
    return tuple(files)


def write_npz(path: Path, result: TrackingResult) -> None:
    """Write all scales, the mask, times and spacing as NumPy arrays.

    Keys: ``displacement_1_8`` ... ``(T-1, 2, H, W)`` in px, pull-back, ``mask`` ``(T, H, W)``, and
    ``frame_times_s``, ``spacing_mm`` where known.

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        f"displacement_{item.scale.value}": item.displacement for item in result.fields
    }
    arrays["mask"] = result.mask
    arrays["first_frame"] = np.array(result.first_frame)
    if result.frame_times_s is not None:
        arrays["frame_times_s"] = result.frame_times_s
    if result.spacing_mm is not None:
        arrays["spacing_mm"] = np.array(result.spacing_mm)
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def write_nifti(path: Path, result: TrackingResult, item: ScaleField) -> None:
    """Write the pull-back displacement of a scale as a NIfTI of vectors.

    Dimensions (x, y, z = 1, pair, component); components x right and y down along the index axes,
    mm where the spacing is known, else px (the header then names no unit of length).

    Raises:
        OutputError: If it cannot be written; nothing half-written stays.
    """
    spacing = result.spacing_mm or (1.0, 1.0)
    vectors = item.displacement * np.array(spacing, np.float32)[:, None, None]
    data = np.ascontiguousarray(vectors.transpose(3, 2, 0, 1))[:, :, None]
    # nibabel's own signatures carry no types.
    make_image: Any = nib.Nifti1Image
    image = make_image(data, np.diag([*spacing, 1.0, 1.0]))
    header = image.header
    header.set_intent("vector", name="pull-back")
    interval = 1.0
    if result.frame_times_s is not None:
        interval = float(np.median(np.diff(result.frame_times_s)))
    header.set_zooms((*spacing, 1.0, interval, 1.0))
    header.set_xyzt_units(
        "mm" if result.spacing_mm else "unknown",
        "sec" if result.frame_times_s is not None else "unknown",
    )
    header["descrip"] = b"displacement, frame k+1 to k"
    with atomic_path(path) as temporary:
        nib.save(image, temporary)


def write_vtk(
    out_dir: Path, result: TrackingResult, item: ScaleField, progress: Progress
) -> tuple[Path, ...]:
    """Write one VTK image (``.vti``) a pair with the velocity, the mask and the frame.

    A ``.pvd`` file lists them with their times. Rows are turned over, so that y points up.

    Raises:
        OutputError: If a file cannot be written; nothing half-written stays.
        Cancelled: If a stop was asked for; finished files stay.
    """
    stem = f"velocity-{item.scale.value}"
    collection = ElementTree.Element("VTKFile", type="Collection", version="1.0")
    entries = ElementTree.SubElement(collection, "Collection")
    files = []
    for pair in range(len(item.displacement)):
        progress.check()
        frame = pair + 1 + result.first_frame
        files.append(out_dir / f"{stem}-{frame:04d}.vti")
        _write_xml(files[-1], _vtk_image(result, item, pair))
        times = result.frame_times_s
        time = float(frame) if times is None else float(times[pair + 1])
        ElementTree.SubElement(
            entries, "DataSet", timestep=repr(time), part="0", file=files[-1].name
        )
    files.append(out_dir / f"{stem}.pvd")
    _write_xml(files[-1], collection)
    return tuple(files)


def _vtk_image(result: TrackingResult, item: ScaleField, pair: int) -> ElementTree.Element:
    velocity, unit = pair_velocity(result, item.displacement, pair)
    height, width = velocity.shape[1:]
    spacing = result.spacing_mm or (1.0, 1.0)
    extent = f"0 {width - 1} 0 {height - 1} 0 0"
    root = ElementTree.Element(
        "VTKFile", type="ImageData", version="1.0", byte_order="LittleEndian", header_type="UInt64"
    )
    grid = ElementTree.SubElement(
        root, "ImageData", WholeExtent=extent, Origin="0 0 0",
        Spacing=f"{spacing[0]!r} {spacing[1]!r} 1",
    )  # fmt: skip
    piece = ElementTree.SubElement(grid, "Piece", Extent=extent)
    name = f"velocity ({unit})"
    points = ElementTree.SubElement(piece, "PointData", Vectors=name)
    vectors = np.zeros((height, width, 3), "<f4")
    vectors[..., :2] = velocity.transpose(1, 2, 0)[::-1]
    _add_array(points, name, "Float32", vectors, 3)
    _add_array(points, "mask", "UInt8", result.mask[pair + 1, ::-1].astype(np.uint8), 1)
    if result.frames is not None:
        _add_array(points, "frame", "UInt8", result.frames[pair + 1, ::-1], 1)
    return root


def _add_array(
    parent: ElementTree.Element, name: str, kind: str, values: NDArray[np.generic], components: int
) -> None:
    data = np.ascontiguousarray(values).tobytes()
    # A block is its length as UInt64 and its bytes, encoded as one.
    text = base64.b64encode(struct.pack("<Q", len(data)) + data).decode()
    array = ElementTree.SubElement(
        parent, "DataArray", type=kind, Name=name, NumberOfComponents=str(components),
        format="binary",
    )  # fmt: skip
    array.text = text


def _write_xml(path: Path, root: ElementTree.Element) -> None:
    with atomic_path(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
