"""Choice of the device that computes, and of the number of threads."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final

import torch

from engine.errors import InputError, ResourceError

DEVICES: Final = ("auto", "cpu", "cuda")


def resolve_device(name: str) -> torch.device:
    """Return the torch device of a ``--device`` option.

    Args:
        name: ``auto`` (CUDA where there is one), ``cpu`` or ``cuda``.

    Raises:
        InputError: If the name is none of these.
        ResourceError: If CUDA was asked for and there is none.
    """
    if name not in DEVICES:
        raise InputError(f"Unknown device '{name}'. Choose one of {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ResourceError(
            "No CUDA device was found. Choose --device cpu, or install a CUDA build of torch."
        )
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda")


def describe_device(device: torch.device) -> str:
    """Return the device's name for reports, such as ``CPU, 2 threads``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = worker_threads()
    return f"CPU, {threads} thread{'s' if threads != 1 else ''}"


@cache
def multiplies_bfloat16(kind: str) -> bool:
    """Tell whether a device multiplies bfloat16 numbers itself, which halves a convolution's time.

    Args:
        kind: ``cpu`` or ``cuda``. Processors tell it by Linux' ``/proc/cpuinfo``; elsewhere it is
            not assumed, for without the instructions the numbers are converted one by one.
    """
    if kind == "cuda":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    facts = Path("/proc/cpuinfo")
    if kind != "cpu" or not facts.is_file():
        return False
    return bool({"avx512_bf16", "amx_bf16"} & set(facts.read_text(errors="ignore").split()))


def set_worker_threads(reserve: int = 0) -> int:
    """Let torch use all cores but ``reserve`` (at least one), and return that number.

    The window reserves one core for itself, so that it stays responsive while tracking. A limit
    set by ``OMP_NUM_THREADS`` holds: threads that wait for one another on a busy machine cost more
    than they bring.
    """
    count = max(1, (os.cpu_count() or 1) - reserve)
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdigit() and int(limit) > 0:
        count = min(count, int(limit))
    torch.set_num_threads(count)
    return count


def worker_threads() -> int:
    """Return the number of threads that torch uses."""
    return torch.get_num_threads()
