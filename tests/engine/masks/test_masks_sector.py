"""The sector is found whole, and text, scale and ECG are left out."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.errors import InputError
from engine.masks.sector import Fan, analyse_sector, find_sector, fit_fan, pixel_aspect
from engine.model import Cine
from engine.phantom import Phantom

Make = Callable[..., Cine]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_text_trace_and_scale_stay_outside(fan_loop: tuple[np.ndarray, Fan], cine_of: Make) -> None:
    frames, fan = fan_loop
    found = analyse_sector(cine_of(frames))
    truth = fan.mask((240, 320))
    assert overlap(found.mask, truth) > 0.97
    assert not found.mask[20:23, 10:60].any()
    assert not found.mask[150:200, 308:311].any()


def test_the_fan_is_measured(fan_loop: tuple[np.ndarray, Fan], cine_of: Make) -> None:
    frames, fan = fan_loop
    found = analyse_sector(cine_of(frames)).fan
    assert found is not None
    assert found.apex_px == pytest.approx(fan.apex_px, abs=5)
    assert found.angles_rad == pytest.approx(fan.angles_rad, abs=0.03)
    assert found.depths_px == pytest.approx(fan.depths_px, abs=5)
    assert not found.apex_down


def test_a_flipped_scan_has_its_probe_at_the_bottom(
    fan_loop: tuple[np.ndarray, Fan], cine_of: Make
) -> None:
    frames, fan = fan_loop
    found = analyse_sector(cine_of(frames[:, ::-1]))
    assert found.fan is not None
    assert found.fan.apex_down
    assert overlap(found.mask, fan.mask((240, 320))[::-1]) > 0.97


def test_a_fan_in_rows_twice_as_dense_is_still_a_fan(
    fan_loop: tuple[np.ndarray, Fan], cine_of: Make
) -> None:
    frames, fan = fan_loop
    found = analyse_sector(cine_of(frames.repeat(2, axis=1), spacing_mm=(0.4, 0.2)))
    assert found.fan is not None
    assert overlap(found.mask, fan.mask((240, 320)).repeat(2, axis=0)) > 0.97
    # Spacings that no scanner has are a wrong header, not a stretched picture.
    assert pixel_aspect(cine_of(frames, spacing_mm=(0.4, 0.04))) == 1


def test_dark_blood_does_not_cut_the_sector(apical: Phantom) -> None:
    sector = find_sector(apical.cine)
    assert sector[apical.cavity.any(0)].all()
    assert sector.mean() < 0.7


def test_a_full_image_is_all_sector(cine_of: Make) -> None:
    frames = np.random.default_rng(0).integers(1, 255, (6, 60, 80))
    assert find_sector(cine_of(frames)).all()


def test_one_frame_is_judged_by_brightness(fan_loop: tuple[np.ndarray, Fan], cine_of: Make) -> None:
    frames, fan = fan_loop
    assert overlap(find_sector(cine_of(frames[:1])), fan.mask((240, 320))) > 0.9


def test_a_small_image_works(fan_loop: tuple[np.ndarray, Fan], cine_of: Make) -> None:
    frames, fan = fan_loop
    small = frames[:, ::3, ::3]
    assert overlap(find_sector(cine_of(small)), fan.mask((240, 320))[::3, ::3]) > 0.9


def test_a_black_loop_is_refused_in_a_sentence(cine_of: Make) -> None:
    with pytest.raises(InputError, match="black"):
        find_sector(cine_of(np.zeros((3, 40, 40))))


def test_the_region_of_the_header_bounds_the_search(
    fan_loop: tuple[np.ndarray, Fan], cine_of: Make
) -> None:
    frames, _fan = fan_loop
    noisy = frames.copy()
    noisy[:, 0:60, 0:100] = np.random.default_rng(2).integers(0, 255, (10, 60, 100))
    found = find_sector(cine_of(noisy, region=(0, 0, 320, 222)))
    assert found[100:200, 150:170].all()


def test_a_fan_scales_with_its_grid() -> None:
    fan = Fan((50.0, -5.0), (-0.6, 0.6), (10.0, 90.0))
    double = fan.scaled(2, 2).mask((200, 200))
    assert overlap(double[::2, ::2], fan.mask((100, 100))) > 0.97
    refit, agreement = fit_fan(fan.mask((100, 100)))
    assert agreement > 0.97
    assert refit.angles_rad == pytest.approx(fan.angles_rad, abs=0.02)
