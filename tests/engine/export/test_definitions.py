"""A report defines every quantity, and says no long sentence four times."""

from __future__ import annotations

from engine.export.definitions import definitions
from engine.model import Measurement, Measurements

PATHS = "Forward and backward paths are blended over every beat, which leaves no drift."


def measured(*meanings: tuple[str, str]) -> Measurements:
    return Measurements(
        tuple(Measurement(name, text, "global", 1.0, "%") for name, text in meanings)
    )


def test_a_sentence_of_four_quantities_is_said_once_with_their_names() -> None:
    names = ("drift", "cavity_area", "ejection_fraction", "heart_rate")
    told = definitions(measured(*((name, f"Formula {n}. {PATHS}") for n, name in enumerate(names))))
    assert [text for _, text in told[:4]] == [f"Formula {n}." for n in range(4)]
    label, text = told[4]
    assert label == "In common"
    assert text.endswith(PATHS)
    assert all(name in text for name, _ in told[:4])
    assert len(told) == 5


def test_what_fewer_share_and_what_is_short_stays() -> None:
    told = definitions(
        measured(
            ("drift", f"One. {PATHS}"),
            ("cavity_area", f"Two. {PATHS}"),
            ("ejection_fraction", "Raw. Three."),
            ("heart_rate", "Raw. Four."),
            ("volume", "Raw. Five."),
            ("lv_length", "Raw. Six."),
        )
    )
    assert [text for _, text in told] == [
        f"One. {PATHS}", f"Two. {PATHS}", "Raw. Three.", "Raw. Four.", "Raw. Five.", "Raw. Six.",
    ]  # fmt: skip


def test_the_same_over_trusted_vectors_has_no_entry() -> None:
    told = definitions(measured(("speed_mean", "Mean."), ("speed_mean_trusted", "Mean of some.")))
    assert [text for _, text in told] == ["Mean."]
