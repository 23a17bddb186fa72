"""Evidence about the error of paths: right in size and direction, whatever the noise."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.registration.course_evidence import Evidence, Looks, evidence

SIDE = 240
FRAMES = 13
STRAY = torch.tensor([0.3, -0.2])


def texture(seed: int) -> Tensor:
    """Return a smooth random texture, ``(SIDE, SIDE)``, of variance 1."""
    generator = torch.Generator().manual_seed(seed)
    waves = torch.fft.fftfreq(SIDE)
    keep = torch.exp(-2 * (math.pi * 2.0) ** 2 * (waves[:, None] ** 2 + waves**2))
    white = torch.randn(SIDE, SIDE, generator=generator)
    smooth = torch.fft.ifft2(torch.fft.fft2(white) * keep).real
    return smooth / smooth.std()


def shifted(image: Tensor, way: Tensor) -> Tensor:
    """Return a periodic image seen at places that lie ``way`` (x, y) px beside the true ones."""
    waves = 2 * math.pi * torch.fft.fftfreq(SIDE)
    phase = waves[None] * way[0] + waves[:, None] * way[1]
    return torch.fft.ifft2(torch.fft.fft2(image) * torch.exp(1j * phase)).real


def looks(courses: Tensor, strays: Tensor, noise: float = 0.0, renewed: float = 0.0) -> Looks:
    """Return what is seen along paths that stray by ``courses @ strays``, px."""
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    places = torch.stack([columns.flatten(), rows.flatten()]).float()
    echo, values, slopes = texture(0), [], []
    for frame, way in enumerate(courses @ strays):
        fresh, hiss = texture(100 + frame), texture(200 + frame)
        echo = math.sqrt(1 - renewed) * echo + math.sqrt(renewed) * fresh
        seen = shifted(echo, way) + noise * hiss
        values.append(seen.flatten())
        down, across = torch.gradient(seen)
        slopes.append(torch.stack([across.flatten(), down.flatten()]))
    known = torch.ones(SIDE * SIDE)
    return Looks(torch.stack(values), torch.stack(slopes), known, places, 1).levelled()


def solved(told: Evidence, count: int) -> Tensor:
    """Return the constant error for every course that the evidence asks for, ``(R, 2)``, px."""
    normal = torch.zeros(2 * count, 2 * count)
    for (first, second), parts in told.information.items():
        xx, xy, yy = parts.sum(1)
        block = torch.stack([torch.stack([xx, xy]), torch.stack([xy, yy])])
        normal[2 * first : 2 * first + 2, 2 * second : 2 * second + 2] = block
        normal[2 * second : 2 * second + 2, 2 * first : 2 * first + 2] = block
    pull = torch.cat([part.sum(1) for part in told.pull])
    return torch.linalg.solve(normal, pull).view(count, 2)


STEADY = torch.linspace(-1, 0, FRAMES)[:, None]


@pytest.mark.parametrize(
    ("noise", "renewed", "allowed"), [(0.0, 0.0, 0.02), (0.4, 0.0, 0.04), (0.0, 0.05, 0.1)]
)
def test_a_stray_path_is_pulled_back_by_what_it_strays(
    noise: float, renewed: float, allowed: float
) -> None:
    told = evidence(looks(STEADY, STRAY[None], noise, renewed), STEADY)
    found = solved(told, 1)[0]
    assert torch.allclose(found, -STRAY, atol=allowed)


def test_two_courses_are_told_apart() -> None:
    turning = torch.cat([STEADY, torch.sin(math.pi * STEADY)], dim=1)
    strays = torch.stack([STRAY, torch.tensor([-0.1, 0.4])])
    found = solved(evidence(looks(turning, strays, 0.2), turning), 2)
    assert torch.allclose(found, -strays, atol=0.06)


def test_noise_adds_no_information() -> None:
    quiet = evidence(looks(STEADY, STRAY[None], 0.2), STEADY).information[0, 0].sum()
    loud = evidence(looks(STEADY, STRAY[None], 0.8), STEADY).information[0, 0].sum()
    assert 0 < float(loud) < float(quiet)


def test_points_that_are_not_believed_say_nothing() -> None:
    seen = looks(STEADY, STRAY[None])
    half = seen.known.clone()
    half[: len(half) // 2] = 0
    told = evidence(Looks(seen.values, seen.slopes, half, seen.places, 1), STEADY)
    assert float(told.pull[0][:, : len(half) // 2].abs().max()) == 0
    assert float(told.pull[0][:, len(half) // 2 :].abs().max()) > 0


def test_a_frame_of_another_gain_is_levelled() -> None:
    seen = looks(STEADY, STRAY[None], 0.2)
    gain = torch.linspace(0.5, 2, FRAMES)
    bright = Looks(
        seen.values * gain[:, None] + 7,
        seen.slopes * gain[:, None, None],
        seen.known,
        seen.places,
        1,
    ).levelled()
    assert torch.allclose(bright.values, seen.values, atol=1e-4)
    assert torch.allclose(bright.slopes, seen.slopes, atol=1e-4)
