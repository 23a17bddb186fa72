"""The device's facts, and that its short numbers do not change what is found."""

from __future__ import annotations

import pytest
import torch

from engine.device import multiplies_bfloat16, resolve_device
from engine.errors import InputError
from engine.registration import network
from engine.registration.weights import load_weights


@pytest.mark.parametrize("kind", ["mps", "tpu"])
def test_other_devices_are_not_thought_to_multiply_short_numbers(kind: str) -> None:
    assert not multiplies_bfloat16(kind)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(InputError, match="auto, cpu, cuda"):
        resolve_device("gpu")


def test_short_numbers_find_the_same_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 1, 108, 140, generator=generator)
    speckle = torch.nn.functional.avg_pool2d(noise, 5, stride=1)
    fixed, moving = speckle[..., 2:98, 4:132], speckle[..., 3:99, 2:130]
    estimator, _ = load_weights("motion_unet")
    found = {}
    for short in (False, True):
        monkeypatch.setattr(network, "multiplies_bfloat16", lambda kind, short=short: short)
        with torch.no_grad():
            found[short] = estimator(fixed, moving, 1.0).displacement
    error = (found[True] - found[False]).norm(dim=1).mean()
    assert 0 < float(error) < 0.02
    assert torch.allclose(found[True].mean(dim=(2, 3)), torch.tensor([[2.0, -1.0]]), atol=0.3)
