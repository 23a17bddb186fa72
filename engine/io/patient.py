"""What a DICOM header says of the patient; shown to the user alone, never kept in a result."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pydicom
from pydicom.errors import InvalidDicomError

from engine.errors import MyofluxError
from engine.io.sniff import Kind, kind_of_file

_SHOWN: Final = {
    "PatientName": "Patient",
    "PatientID": "Patient ID",
    "PatientBirthDate": "Born",
    "StudyDate": "Study date",
}


def patient_facts(path: Path) -> tuple[tuple[str, str], ...]:
    """Return label and value of what a DICOM header says of the patient; empty for other files.

    Args:
        path: Any file or folder.
    """
    try:
        if not path.is_file() or kind_of_file(path) is not Kind.DICOM:
            return ()
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_SHOWN))
    except (MyofluxError, InvalidDicomError, OSError, ValueError):
        # The loop was read, or its reader has told why not: a header adds nothing to that.
        return ()
    found = ((label, _text(header.get(keyword))) for keyword, label in _SHOWN.items())
    return tuple((label, text) for label, text in found if text)


def _text(value: object) -> str:
    """Return a value on one line; dates as YYYY-MM-DD."""
    text = " ".join(str(value or "").replace("^", " ").split())
    is_date = len(text) == 8 and text.isdigit()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if is_date else text
