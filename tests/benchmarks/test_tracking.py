"""Time and peak memory of tracking: a step at every scale, and whole loops.

Peak memory is what tracking adds to the peak of a fresh process that holds the loop already.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from engine.config import Preset, TrackingConfig
from engine.methods.registry import get_method
from engine.methods.ssmsr import image_pairs, make_estimator, mask_box
from engine.model import Mask, MaskKind, Scale
from engine.phantom import Phantom, PhantomConfig, make_phantom
from engine.progress import NullProgress
from engine.registration.multiscale import Stage
from engine.registration.network import PaperUNet
from engine.registration.paper import PaperEstimator, PaperSettings

CPU = torch.device("cpu")
LOOPS = [((192, 256), 5), ((192, 256), 17), ((384, 512), 5), ((384, 512), 17)]

_MEMORY_SCRIPT = """
import resource
from engine.config import TrackingConfig
from engine.methods.registry import get_method
from engine.model import Mask, MaskKind
from engine.phantom import PhantomConfig, make_phantom
from engine.progress import NullProgress
phantom = make_phantom(PhantomConfig(size=({height}, {width}), frames={frames}))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mask = Mask(phantom.mask, MaskKind.FILE)
get_method("ssmsr").track(phantom.cine, mask, TrackingConfig(device="cpu"), NullProgress())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def _phantom(size: tuple[int, int], frames: int) -> Phantom:
    return make_phantom(PhantomConfig(size=size, frames=frames, cycle_frames=48))


@pytest.mark.parametrize("scale", list(Scale), ids=lambda scale: scale.label)
def test_one_training_step(benchmark: BenchmarkFixture, scale: Scale) -> None:
    """One step of the paper's estimator on one pair of 384x512 px."""
    phantom = _phantom((384, 512), 2)
    pairs = image_pairs(phantom.cine.frames, phantom.mask, mask_box(phantom.mask), CPU)
    estimator = PaperEstimator(PaperUNet(2), PaperSettings(steps=1), 0)
    stage = Stage(scale, 0.0, 1.0, NullProgress())
    benchmark.pedantic(
        estimator.train, (pairs, None, stage, 0), rounds=5, warmup_rounds=1, iterations=1
    )


@pytest.mark.parametrize("scale", list(Scale), ids=lambda scale: scale.label)
def test_one_pass(benchmark: BenchmarkFixture, scale: Scale) -> None:
    """One pass of the default network on four pairs of 384x512 px."""
    phantom = _phantom((384, 512), 5)
    pairs = image_pairs(phantom.cine.frames, phantom.mask, mask_box(phantom.mask), CPU)
    estimator = make_estimator(TrackingConfig(device="cpu", test_time_training=False), CPU)
    benchmark.pedantic(
        estimator.estimate,
        (pairs, range(4), None, scale, 0),
        rounds=5,
        warmup_rounds=1,
        iterations=1,
    )


@pytest.mark.parametrize(("size", "frames"), LOOPS, ids=str)
@pytest.mark.parametrize("preset", [Preset.PREVIEW, Preset.DEFAULT], ids=str)
def test_whole_loop(
    benchmark: BenchmarkFixture, size: tuple[int, int], frames: int, preset: Preset
) -> None:
    """All scales of a loop, with its peak memory for the default preset."""
    phantom = _phantom(size, frames)
    mask = Mask(phantom.mask, MaskKind.FILE)
    scales = ("1_8", "1_4") if preset is Preset.PREVIEW else ("1_8", "1_4", "1_2", "1")
    config = TrackingConfig(preset=preset, device="cpu", scales=scales)
    method = get_method("ssmsr")
    benchmark.pedantic(method.track, (phantom.cine, mask, config, NullProgress()), rounds=1)
    benchmark.extra_info["seconds_a_pair"] = benchmark.stats.stats.mean / (frames - 1)
    if preset is Preset.DEFAULT:
        benchmark.extra_info["peak_mib"] = _peak_mib(size, frames)


def _peak_mib(size: tuple[int, int], frames: int) -> float:
    """Return what tracking adds to a fresh process, MiB."""
    script = _MEMORY_SCRIPT.format(height=size[0], width=size[1], frames=frames)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return float(done.stdout) / 1024
