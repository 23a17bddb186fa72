"""highdicom, the optional package that builds DICOM objects, and the sentence without it."""

from __future__ import annotations

import importlib
from typing import Any

from engine.errors import MissingPackageError


def load_highdicom(wanted: str) -> Any:
    """Return the package highdicom with its parts for segmentations and structured reports.

    Args:
        wanted: What it is to write, as the sentence for the user begins.

    Raises:
        MissingPackageError: If it is not installed.
    """
    try:
        highdicom = importlib.import_module("highdicom")
        for part in ("seg", "sr"):
            importlib.import_module(f"highdicom.{part}")
    except ImportError as error:
        raise MissingPackageError(
            f"{wanted} cannot be written without the package highdicom. Install it with: "
            "pip install 'myoflux[highdicom]'."
        ) from error
    return highdicom
