"""Reading any file of the layout of ``result.h5``, whoever wrote it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError, UnreadableFileError
from engine.io.common import unreadable
from engine.model import Contours, Scale, ScaleField, Target, TrackingResult, View

#: Version of the layout that is written, and the newest that is read.
FORMAT_VERSION: Final = 1

_NO_RESULT: Final = "Give the result.h5 that 'track' writes; a loop is read by 'track' itself."
_ADVICE: Final = "Write it anew with 'track', or see the README's section on the result file."


def read_result(path: Path, scales: Sequence[Scale] | None = None) -> TrackingResult:
    """Read a result file.

    Unknown groups and attributes are ignored, optional ones may be missing, text may be stored as
    bytes, and data may be compressed or not.

    Args:
        path: The file.
        scales: Scales to read, to spare memory; all that it holds if None.

    Raises:
        UnreadableFileError: If it is no such file, is damaged, or lacks a required item.
        InputError: If it holds none of the wanted scales.
    """
    path = Path(path)
    if not path.is_file():
        raise unreadable(path, "there is no such file", "Check its name.")
    try:
        if path.stat().st_size and not h5py.is_hdf5(path):
            raise unreadable(path, "it is no result file", _NO_RESULT)
        with h5py.File(path, "r") as file:
            return _read(file, path, scales)
    except UnreadableFileError:
        raise
    except InputError as error:
        raise unreadable(path, str(error), _ADVICE) from error
    except MemoryError as error:
        raise unreadable(path, "it is too large for this memory", "Read fewer scales.") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise unreadable(
            path, "it is not a complete HDF5 result file (damaged or truncated)", _ADVICE
        ) from error


def _read(file: h5py.File, path: Path, scales: Sequence[Scale] | None) -> TrackingResult:
    """Build the result of an open file."""
    version = _integer(file, "format_version")
    if version is not None and version > FORMAT_VERSION:
        raise unreadable(
            path, f"it is of layout {version}, newer than {FORMAT_VERSION}", "Update the program."
        )
    present = [
        scale
        for scale in Scale
        if isinstance(file.get(f"scales/{scale.value}/displacement"), h5py.Dataset)
    ]
    if not present:
        raise unreadable(path, "it holds no field (/scales/*/displacement)", _ADVICE)
    chosen = [scale for scale in present if scales is None or scale in scales]
    if not chosen:
        held = ", ".join(scale.label for scale in present)
        raise unreadable(path, "it holds none of the wanted scales", f"Choose among {held}.")
    mask = _array(file, "mask")
    if mask is None:
        raise unreadable(path, "it holds no mask (/mask)", _ADVICE)
    fields = tuple(_read_scale(file[f"scales/{scale.value}"], scale) for scale in chosen)
    pairs, height, width = fields[0].shape
    if mask.shape != (pairs + 1, height, width):
        raise unreadable(
            path,
            f"its mask {mask.shape} does not fit its fields, which need "
            f"{(pairs + 1, height, width)}",
            _ADVICE,
        )
    fields, inside, notices = _without_gaps(fields, mask.astype(bool))
    marks, told = _marks(file, pairs + 1)
    spacing = _array(file, "spacing_mm")
    times = _array(file, "frame_times_s")
    return TrackingResult(
        fields=fields,
        mask=inside,
        method=_text(file, "method", "unknown"),
        target=_target(file, path),
        source_sha256=_text(file, "source_sha256", ""),
        source_name=_text(file, "source_name", ""),
        software_version=_text(file, "software_version", "unknown"),
        seed=_integer(file, "seed") or 0,
        config=_config(file),
        frames=_array(file, "frames"),
        frame_times_s=None if times is None else _checked_times(times, path),
        spacing_mm=None if spacing is None else _checked_spacing(spacing, path),
        contours=_contours(file, pairs + 1, path),
        view=_view(file),
        ed_frame=marks[0],
        es_frame=marks[1],
        first_frame=_integer(file, "first_frame") or 0,
        r_times_s=_r_times(file),
        reviewed=bool(_integer(file, "reviewed")),
        notices=(*_notices(file), *notices, *told),
        mark_origins=(_text(file, "ed_origin", ""), _text(file, "es_origin", "")),
    )


def _read_scale(group: h5py.Group, scale: Scale) -> ScaleField:
    """Read the field of one scale with the figures that stand beside it."""
    figures = {name: _number(group, name) for name in ("mse", "nlcc", "folding")}
    return ScaleField(
        scale=scale,
        displacement=group["displacement"][()],
        uncertainty=_array(group, "uncertainty"),
        seconds=_number(group, "seconds", 0.0),
        steps=_integer(group, "steps") or 0,
        **figures,
    )


def _without_gaps(
    fields: tuple[ScaleField, ...], mask: NDArray[np.bool_]
) -> tuple[tuple[ScaleField, ...], NDArray[np.bool_], tuple[str, ...]]:
    """Take pixels whose displacement is NaN or infinite out of the mask, and set them to zero."""
    notices: list[str] = []
    whole: list[ScaleField] = []
    for item in fields:
        if np.all(np.isfinite(item.displacement)):
            whole.append(item)
            continue
        bad: NDArray[np.bool_] = np.isnan(item.displacement.sum(axis=1) * 0)
        inside = int(np.count_nonzero(bad & mask[1:]))
        mask = mask.copy()
        mask[1:][bad] = False
        displacement = np.where(bad[:, None], np.float32(0), item.displacement)
        whole.append(dataclasses.replace(item, displacement=displacement))
        if inside:
            notices.append(
                f"Scale {item.scale.label}: {inside} pixels of the mask have no finite "
                "displacement and are left out."
            )
    return tuple(whole), mask, tuple(notices)


def _array(group: h5py.Group, name: str) -> NDArray[Any] | None:
    """Return a data set as an array, or None if there is none."""
    item = group.get(name)
    return np.asarray(item[()]) if isinstance(item, h5py.Dataset) else None


def _plain(value: Any) -> Any:
    """Return an attribute as a plain scalar: text from bytes, one value from an array."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else None
    if isinstance(value, np.generic):
        value = value.item()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _text(file: h5py.File, name: str, default: str) -> str:
    """Return a text attribute."""
    value = _plain(file.attrs.get(name))
    return default if value is None else str(value)


def _integer(group: h5py.Group, name: str) -> int | None:
    """Return a whole number of the attributes, or None where it is missing or negative."""
    value = _plain(group.attrs.get(name))
    with suppress(TypeError, ValueError, OverflowError):
        number = int(float(value))
        return number if number >= 0 else None
    return None


def _number(group: h5py.Group, name: str, default: float = float("nan")) -> float:
    """Return a number of the attributes."""
    with suppress(TypeError, ValueError):
        return float(_plain(group.attrs[name])) if name in group.attrs else default
    return default


def _target(file: h5py.File, path: Path) -> Target:
    """Return what was tracked."""
    text = _text(file, "target", "").strip().lower()
    if text not in set(Target):
        stated = f"its target is '{text}'" if text else "it does not say its target"
        raise unreadable(path, stated, "The attribute 'target' must be 'tissue' or 'blood'.")
    return Target(text)


def _view(file: h5py.File) -> View | None:
    """Return the stored view; None where it is missing or not one of ours."""
    text = _text(file, "view", "").strip().lower()
    return next((view for view in View if view.value.lower() == text), None)


def _json(file: h5py.File, name: str) -> Any:
    """Return a JSON attribute, or None where it is missing or no JSON."""
    with suppress(ValueError):
        return json.loads(_text(file, name, "null"))
    return None


def _config(file: h5py.File) -> dict[str, Any]:
    """Return the settings of the run."""
    value = _json(file, "config")
    return value if isinstance(value, dict) else {}


def _notices(file: h5py.File) -> tuple[str, ...]:
    """Return the sentences of the run."""
    value = _json(file, "notices")
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _marks(file: h5py.File, count: int) -> tuple[tuple[int | None, int | None], tuple[str, ...]]:
    """Return end-diastole and end-systole; marks that cannot be are left out with a sentence."""
    first = _integer(file, "first_frame") or 0
    early, late = (_integer(file, name) for name in ("ed_frame", "es_frame"))
    notices = []
    last = first + count - 1
    if early is not None and not first <= early <= last:
        notices.append(_left_out("end-diastolic", early, f"its frames are {first} to {last}"))
        early = None
    if late is not None and not first <= late <= last:
        notices.append(_left_out("end-systolic", late, f"its frames are {first} to {last}"))
        late = None
    elif late is not None and late == early:
        notices.append(_left_out("end-systolic", late, "it is the end-diastolic one, too"))
        late = None
    return (early, late), tuple(notices)


def _left_out(phase: str, frame: int, why: str) -> str:
    return f"The result file marks frame {frame} as the {phase} one, which is not used: {why}."


def _r_times(file: h5py.File) -> tuple[float, ...]:
    """Return the R waves in order, those alone that are numbers."""
    with suppress(TypeError, ValueError):
        stored = np.atleast_1d(file.attrs.get("r_times_s", ())).ravel().astype(np.float64)
        return tuple(np.sort(stored[np.isfinite(stored)]).tolist())
    return ()


def _checked_times(times: NDArray[Any], path: Path) -> NDArray[np.float64]:
    """Return frame times that can be differentiated."""
    values = np.asarray(times, np.float64).ravel()
    if not np.all(np.isfinite(values)) or np.any(np.diff(values) <= 0):
        raise unreadable(path, "its frame times do not increase", _ADVICE)
    return values


def _checked_spacing(spacing: NDArray[Any], path: Path) -> tuple[float, float]:
    """Return a positive spacing (x, y), mm."""
    values = np.asarray(spacing, np.float64).ravel()
    if values.shape != (2,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise unreadable(path, "its spacing is not two positive numbers", _ADVICE)
    return float(values[0]), float(values[1])


def _contours(file: h5py.File, frames: int, path: Path) -> Contours | None:
    """Return the curves; None where the file holds none."""
    group = file.get("contours")
    if not isinstance(group, h5py.Group):
        return None
    endocardial, epicardial = _array(group, "endocardial"), _array(group, "epicardial")
    if endocardial is None:
        return None
    if len(endocardial) != frames:
        raise unreadable(path, f"it has {len(endocardial)} contours for {frames} frames", _ADVICE)
    view = _view(file)
    closed = bool(_integer(group, "closed")) or (view is not None and view.is_short_axis)
    keyframes = np.atleast_1d(group.attrs.get("keyframes", ())).ravel()
    return Contours(endocardial, epicardial, closed, tuple(int(value) for value in keyframes))
