"""Time of warping and of the similarity, by image size."""

from __future__ import annotations

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from engine.registration.similarity import prepare_fixed, similarity
from engine.registration.warp import compose, warp

SIZES = [(192, 256), (384, 512), (768, 1024)]
PAIRS = 4
WINDOW_PX = 9


def _images(size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    fixed, moving = torch.rand(2, PAIRS, 1, *size, generator=generator)
    displacement = torch.randn(PAIRS, 2, *size, generator=generator)
    return fixed, moving, displacement, torch.ones(PAIRS, 1, *size)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_warp(benchmark: BenchmarkFixture, size: tuple[int, int], mode: str) -> None:
    _, moving, displacement, _ = _images(size)
    benchmark(warp, moving, displacement, mode=mode)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_compose(benchmark: BenchmarkFixture, size: tuple[int, int]) -> None:
    displacement = _images(size)[2]
    benchmark(compose, displacement, displacement)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_correlation_forward(benchmark: BenchmarkFixture, size: tuple[int, int]) -> None:
    fixed, moving, _, mask = _images(size)
    sums = prepare_fixed(fixed, WINDOW_PX)
    with torch.inference_mode():
        benchmark(similarity, sums, moving, mask)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_correlation_forward_and_backward(
    benchmark: BenchmarkFixture, size: tuple[int, int]
) -> None:
    fixed, moving, _, mask = _images(size)
    sums = prepare_fixed(fixed, WINDOW_PX)
    moving.requires_grad_(True)

    def both() -> None:
        moving.grad = None
        similarity(sums, moving, mask)[0].sum().backward()

    benchmark(both)
