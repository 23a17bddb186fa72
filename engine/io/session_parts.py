"""Masks, contours and measurements as JSON values, for the session file."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.model import Contours, Mask, MaskKind, Measurement, Measurements, PackedMask

_DECIMALS = 3


def contours_out(contours: Contours) -> dict[str, Any]:
    """Return contours as JSON values; points are rounded to 1/1000 px."""
    epicardial = contours.epicardial
    return {
        "closed": contours.closed,
        "keyframes": [int(index) for index in contours.keyframes],
        "endocardial": _rounded(contours.endocardial),
        "epicardial": None if epicardial is None else _rounded(epicardial),
    }


def contours_in(stored: Mapping[str, Any]) -> Contours:
    """Return contours from JSON values."""
    epicardial = stored["epicardial"]
    return Contours(
        endocardial=np.asarray(stored["endocardial"], dtype=np.float32),
        epicardial=None if epicardial is None else np.asarray(epicardial, dtype=np.float32),
        closed=bool(stored["closed"]),
        keyframes=tuple(int(index) for index in stored["keyframes"]),
    )


def mask_out(packed: PackedMask) -> dict[str, Any]:
    """Return a mask as JSON values."""
    mask = packed.about
    return {
        "kind": mask.kind.value,
        "shape": list(packed.shape),
        "bits": base64.b64encode(packed.bits).decode("ascii"),
        "contours": None if mask.contours is None else contours_out(mask.contours),
        "notes": list(mask.notes),
        "ed_frame": mask.ed_frame,
        "es_frame": mask.es_frame,
        "confidence": mask.confidence,
        "mark_origins": list(mask.mark_origins),
    }


def mask_in(stored: Mapping[str, Any]) -> PackedMask:
    """Return a mask from JSON values, still packed."""
    frames, height, width = (int(size) for size in stored["shape"])
    contours = stored["contours"]
    early, late = stored.get("mark_origins", ("", ""))
    about = Mask(
        np.ones((1, 1, 1), np.bool_),
        MaskKind(stored["kind"]),
        contours=None if contours is None else contours_in(contours),
        notes=tuple(str(note) for note in stored["notes"]),
        ed_frame=stored["ed_frame"],
        es_frame=stored["es_frame"],
        confidence=stored["confidence"],
        mark_origins=(str(early), str(late)),
    )
    return PackedMask(base64.b64decode(stored["bits"]), (frames, height, width), about)


def measurements_out(measured: Measurements) -> dict[str, Any]:
    """Return measurements as JSON values: one entry a curve, one line a value."""
    curves: dict[tuple[str, str, str, str], list[list[Any]]] = {}
    for row in measured.rows:
        key = (row.quantity, row.definition, row.region, row.unit)
        curves.setdefault(key, []).append([row.frame, row.time_s, row.value, row.trust])
    return {
        "curves": [
            {
                "quantity": quantity,
                "definition": definition,
                "region": region,
                "unit": unit,
                "values": values,
            }
            for (quantity, definition, region, unit), values in curves.items()
        ],
        "warnings": list(measured.warnings),
        "omitted": [list(pair) for pair in measured.omitted],
        "withheld": list(measured.withheld),
    }


def measurements_in(stored: Mapping[str, Any]) -> Measurements:
    """Return measurements from JSON values."""
    rows = [
        Measurement(
            quantity=str(curve["quantity"]),
            definition=str(curve["definition"]),
            region=str(curve["region"]),
            value=float(value),
            unit=str(curve["unit"]),
            frame=frame,
            time_s=time_s,
            trust=trust,
        )
        for curve in stored["curves"]
        for frame, time_s, value, trust in curve["values"]
    ]
    return Measurements(
        tuple(rows),
        warnings=tuple(str(text) for text in stored["warnings"]),
        omitted=tuple((str(group), str(why)) for group, why in stored["omitted"]),
        # Sessions of before hold none.
        withheld=tuple(str(name) for name in stored.get("withheld", ())),
    )


def _rounded(points: NDArray[np.float32]) -> list[Any]:
    values: list[Any] = np.round(points.astype(np.float64), _DECIMALS).tolist()
    return values
