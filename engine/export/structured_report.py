"""Strain as a DICOM Comprehensive SR (TID 1500), through the optional package highdicom.

Codes come by name from the tables of the standard that pydicom carries (CID 12300, 12304, 12310,
3717). A single view's strain is "Longitudinal Lagrangian Strain" with its view beside it, never a
global longitudinal strain. What the standard has no code for gets one of the scheme 99MYOFLUX.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from engine.analysis.segments import AHA_NUMBERS, SNOMED
from engine.analysis.strain_words import VIEW_STRAINS
from engine.errors import InputError, UnreadableFileError
from engine.export.notices import RESEARCH_USE
from engine.export.numbers import region_name
from engine.export.strain_page import segment_curves
from engine.io.atomic import atomic_path
from engine.io.optional import load_highdicom
from engine.model import Measurement, Measurements, TrackingResult, View

SCHEME: Final = "99MYOFLUX"
_PERCENT: Final = Code("%", "UCUM", "percent")
_MILLISECONDS: Final = Code("ms", "UCUM", "milliseconds")
_PER_MINUTE: Final = Code("/min", "UCUM", "per minute")
#: Digits after the point: the CSV alone holds more than can be known.
_DECIMALS: Final = {_PERCENT: 1}
_LAYERS: Final = {
    "endocardial": codes.DCM.EndocardialMethod,
    "midwall": codes.DCM.MyocardialMidlayerMethod,
    "epicardial": codes.DCM.EpicardialMethod,
}
_EJECTION: Final[dict[View, Code]] = {
    View.A4C: codes.LN.LeftVentricularEjectionFractionSinglePlane4CMOD,
    View.A2C: codes.LN.LeftVentricularEjectionFractionSinglePlane2CMOD,
}
_STRAIN: Final = codes.DCM.LongitudinalLagrangianStrain
_PEAK: Final = codes.DCM.PeakLongitudinalLagrangianStrain


@dataclass(frozen=True)
class Item:
    """One coded value.

    Attributes:
        name: Its concept.
        value: The value.
        unit: UCUM unit.
        note: What the code alone does not say, such as ``end-systolic``.
    """

    name: Code
    value: float
    unit: Code
    note: str = ""


def write_structured_report(
    path: Path, result: TrackingResult, measurements: Measurements, source: Path, layer: str
) -> None:
    """Write the strain of a view and of its segments as a Comprehensive SR.

    The report belongs to the source's study and carries its patient attributes: to write one that
    names nobody, give a de-identified source. It is marked as neither complete nor verified.

    Args:
        path: Of the DICOM file.
        result: What was tracked.
        measurements: What was measured; must hold longitudinal strain.
        source: The tracked DICOM file.
        layer: Of the headline strain: ``endocardial``, ``midwall`` or ``epicardial``.

    Raises:
        MissingPackageError: If highdicom is not installed.
        InputError: If there is no strain to report, or the layer is unknown.
        UnreadableFileError: If the source is no DICOM file.
        OutputError: If it cannot be written; nothing half-written stays.
    """
    highdicom = load_highdicom("A structured report")
    if layer not in _LAYERS:
        raise InputError(f"There is no layer '{layer}'. Choose among {', '.join(_LAYERS)}.")
    whole = list(_whole(result, measurements))
    if not whole:
        raise InputError(
            "There is no longitudinal strain to report. Track with contours, and confirm an apical "
            "view and end-systole."
        )
    groups = [_group(highdicom, result, "left ventricle", whole, layer)]
    for region, items in _segments(result, measurements):
        groups.append(_group(highdicom, result, region, items, layer))
    observer = highdicom.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=highdicom.sr.DeviceObserverIdentifyingAttributes(
            uid=generate_uid(), name="Myoflux", manufacturer_name="Myoflux"
        ),
    )
    content = highdicom.sr.MeasurementReport(
        observation_context=highdicom.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.SCT.Echocardiography,
        imaging_measurements=groups,
    )
    document = highdicom.sr.ComprehensiveSR(
        evidence=[_evidence(source)],
        content=content,
        series_instance_uid=generate_uid(),
        series_number=1,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Myoflux",
        is_complete=False,
        is_verified=False,
    )
    document.SeriesDescription = RESEARCH_USE
    said = "reviewed" if result.reviewed else "not reviewed"
    document.CompletionFlagDescription = f"Tracking {said}"
    with atomic_path(path) as temporary:
        document.save_as(temporary, enforce_file_format=True)


def _evidence(source: Path) -> pydicom.Dataset:
    try:
        return pydicom.dcmread(source, stop_before_pixels=True)
    except (InvalidDicomError, FileNotFoundError) as error:
        raise UnreadableFileError(
            f"{source.name} is no DICOM file that could be read. A structured report refers to the "
            "DICOM loop that was tracked."
        ) from error


def _whole(result: TrackingResult, measurements: Measurements) -> Iterator[Item]:
    for quantity in VIEW_STRAINS:
        for name, suffix, note in (
            (_STRAIN, "", "end-systolic"),
            (_PEAK, "_peak_systolic", "peak systolic"),
            (_PEAK, "_peak", "peak over the cycle"),
        ):
            row = _once(measurements, f"{quantity}{suffix}")
            if row is not None:
                yield Item(name, row.value, _PERCENT, note)
    others = (
        ("dispersion", codes.DCM.MechanicalDispersion, _MILLISECONDS),
        ("drift", Code("drift", SCHEME, "Strain left after one cycle, raw"), _PERCENT),
        ("ejection_fraction", _ejection(result), _PERCENT),
        ("heart_rate", codes.LN.HeartRate, _PER_MINUTE),
    )
    for quantity, name, unit in others:
        row = _once(measurements, quantity)
        if row is not None:
            yield Item(name, row.value, unit)


def _ejection(result: TrackingResult) -> Code:
    general: Code = codes.LN.LeftVentricularEjectionFractionByUS
    return general if result.view is None else _EJECTION.get(result.view, general)


def _segments(
    result: TrackingResult, measurements: Measurements
) -> Iterator[tuple[str, list[Item]]]:
    for region, curve in segment_curves(measurements, "strain_longitudinal").items():
        items = []
        value = None if region in measurements.withheld else curve.at(result.es_frame)
        if value is not None:
            items.append(Item(_STRAIN, value, _PERCENT, "end-systolic"))
        delay = next(measurements.select("time_to_peak", region), None)
        if delay is not None:
            name = codes.DCM.TimeToPeakLongitudinalLagrangianStrain
            items.append(Item(name, delay.value, _MILLISECONDS))
        index = next(measurements.select("post_systolic_index", region), None)
        if index is not None:
            name = Code("psi", SCHEME, "Post-systolic index")
            items.append(Item(name, index.value, _PERCENT))
        if items:
            yield region, items


def _group(
    highdicom: Any, result: TrackingResult, region: str, items: list[Item], layer: str
) -> Any:
    sr = highdicom.sr
    measured = [
        sr.Measurement(
            name=item.name,
            value=round(item.value, _DECIMALS.get(item.unit, 0)),
            unit=item.unit,
            method=_LAYERS[layer] if item.name in {_STRAIN, _PEAK} else None,
            tracking_identifier=sr.TrackingIdentifier(
                generate_uid(), item.note or region_name(region)
            ),
        )
        for item in items
    ]
    seen = []
    if result.view is not None and result.view.snomed is not None:
        view = Code(result.view.snomed, "SCT", str(result.view))
        seen.append(sr.QualitativeEvaluation(name=codes.DCM.ImageView, value=view))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(generate_uid(), region_name(region)),
        method=codes.DCM._2DSpeckleTracking,
        algorithm_id=sr.AlgorithmIdentification(
            name=f"Myoflux {result.method}", version=result.software_version
        ),
        finding_sites=[sr.FindingSite(anatomic_location=_site(region))],
        measurements=measured,
        qualitative_evaluations=seen or None,
    )


def _site(region: str) -> Code:
    number = AHA_NUMBERS.get(region)
    if region == "left ventricle":
        ventricle: Code = codes.SCT.LeftVentricle
        return ventricle
    if number is None:
        return Code(region[:16], SCHEME, region_name(region))
    return Code(SNOMED[number], "SCT", region_name(region))


def _once(measurements: Measurements, quantity: str) -> Measurement | None:
    return next((row for row in measurements.select(quantity) if row.frame is None), None)
