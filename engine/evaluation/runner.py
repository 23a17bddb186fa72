"""Run one method on one loop, timed, with its memory watched."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.config import Preset, TrackingConfig
from engine.errors import InputError, MissingPackageError
from engine.methods.registry import get_method
from engine.model import Cine, Mask, ScaleField
from engine.progress import NullProgress, Progress

_STATUS = Path("/proc/self/statm")
_TRAINABLE = frozenset({"ssmsr"})


@dataclass(frozen=True)
class Variant:
    """A method with the settings that make its rows differ.

    Attributes:
        method: Name as given, such as ``ssmsr@paper``, without the folder of a file.
        name: Name in the registry.
        preset: Its preset.
        training: ``on``, ``off``, or an empty string where there is no choice.
        init: Weights or model file, or None.
    """

    method: str
    name: str
    preset: Preset
    training: str
    init: Path | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """What a variant returned.

    Attributes:
        variant: What ran.
        fields: Coarse to fine.
        seconds: Wall time of the whole call, s.
        processor_s: Processor time of the whole call on all cores, programs it started included, s.
        memory_mib: Resident memory at its peak less that at the start, MiB; NaN if unknown.
    """

    variant: Variant
    fields: tuple[ScaleField, ...]
    seconds: float
    processor_s: float
    memory_mib: float


def variants(methods: tuple[str, ...], training: tuple[bool, ...]) -> tuple[Variant, ...]:
    """Return what to run for methods given as ``name``, ``name@preset`` or ``name@file``.

    Args:
        methods: As given by the user; a file is a model (``.onnx``) or weights (``.safetensors``).
        training: Settings of the test-time training, for methods that may do with or without.

    Raises:
        InputError: If a method, preset or file is unknown.
        MissingPackageError: If an optional package of a named method is absent.
    """
    chosen = []
    for method in methods:
        name, _, extra = method.partition("@")
        sentence = get_method(name).missing()
        if sentence is not None:
            raise MissingPackageError(f"{sentence} (or leave '{name}' out of --methods)")
        init = Path(extra) if Path(extra).suffix in {".onnx", ".safetensors"} else None
        try:
            preset = Preset(extra) if extra and init is None else Preset.DEFAULT
        except ValueError as error:
            known = ", ".join(Preset)
            raise InputError(
                f"Unknown preset '{extra}'. Choose among {known}, or name a file of weights."
            ) from error
        title = f"{name}@{init.name}" if init is not None else method
        # The paper's preset is nothing without its training, the preview has none.
        both = name in _TRAINABLE and preset is Preset.DEFAULT
        words = ["on" if state else "off" for state in training] if both else [""]
        chosen += [Variant(title, name, preset, word, init) for word in words]
    return tuple(chosen)


def run_variant(
    variant: Variant, cine: Cine, mask: Mask, *, device: str, seed: int, progress: Progress
) -> Run:
    """Track a loop with a variant; progress is only asked whether to stop."""
    config = TrackingConfig(
        method=variant.name,
        preset=variant.preset,
        device=device,
        seed=seed,
        init=variant.init,
        test_time_training=variant.training != "off",
    )
    start, worked = time.perf_counter(), _processor_s()
    with _memory_watch() as memory:
        fields = get_method(variant.name).track(cine, mask, config, QuietProgress(progress))
    seconds, processor_s = time.perf_counter() - start, _processor_s() - worked
    return Run(variant, fields, seconds, processor_s, memory.peak_mib)


def reversed_loop(cine: Cine, mask: Mask) -> tuple[Cine, Mask]:
    """Return a loop played backward; its fields, in reverse order, point forward in time."""
    backward = Cine(np.array(cine.frames[::-1]), cine.provenance, spacing_mm=cine.spacing_mm)
    return backward, Mask(np.array(mask.data[::-1]), mask.kind)


class QuietProgress(NullProgress):
    """Keeps a method's own steps to itself but lets the user stop it."""

    def __init__(self, outer: Progress) -> None:
        self._outer = outer

    def check(self) -> None:
        """Raise ``Cancelled`` if the outer verb was asked to stop."""
        self._outer.check()


@dataclass
class _Watch:
    """Resident memory while a block runs, KiB."""

    start: float
    peak: float
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def peak_mib(self) -> float:
        """Growth to the peak, MiB."""
        return (self.peak - self.start) / 1024


@contextmanager
def _memory_watch(interval_s: float = 0.02) -> Iterator[_Watch]:
    """Sample the resident memory while the block runs."""
    _hand_back_free_memory()
    watch = _Watch(_resident_kib(), _resident_kib())

    def sample() -> None:
        while not watch.done.wait(interval_s):
            watch.peak = max(watch.peak, _resident_kib())

    thread = threading.Thread(target=sample, name="memory watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.done.set()
        thread.join()
        watch.peak = max(watch.peak, _resident_kib())


def _processor_s() -> float:
    """Return the processor time of this process and of programs that it has waited for, s."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _hand_back_free_memory() -> None:
    """Give what the C library keeps for later back to the system, where it can.

    Else a run would be charged too little for memory that the run before it has freed.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _resident_kib() -> float:
    """Return this process's resident memory, KiB; NaN where the system does not say."""
    try:
        return float(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    except OSError:
        return float("nan")
