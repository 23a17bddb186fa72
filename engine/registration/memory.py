"""Batches sized to memory, halved when it runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from engine.errors import ResourceError
from engine.progress import Progress
from engine.registration.pairs import batches

Value = TypeVar("Value")

CPU_BUDGET_BYTES = 700 * 2**20
"""Working memory of one batch on the CPU; with the fields it keeps a run within 4 GiB."""


def batch_size(pixels: int, bytes_per_pixel: int, device: torch.device) -> int:
    """Return how many pairs fit into one batch (at least one).

    Args:
        pixels: Pixels of one pair at its scale.
        bytes_per_pixel: Working memory of one pixel, bytes.
        device: Where the batch is computed; CUDA lends half of what is free.
    """
    budget = CPU_BUDGET_BYTES
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        budget = free // 2
    return max(1, budget // max(1, pixels * bytes_per_pixel))


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, on the CPU or on a GPU."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)


def in_batches(
    count: int, size: int, work: Callable[[Sequence[int]], None], progress: Progress
) -> None:
    """Run ``work`` over all indices; on out-of-memory halve the batch and go on.

    Args:
        count: Number of pairs.
        size: First batch size.
        work: Takes the indices of one batch; must be safe to repeat for a batch that failed.
        progress: Asked before every batch whether to stop; told of a halved batch.

    Raises:
        ResourceError: If a single pair does not fit.
        Cancelled: If a stop was asked for.
    """
    start = 0
    while start < count:
        progress.check()
        chosen = next(iter(batches(count - start, size)))
        try:
            work(range(start, start + len(chosen)))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(chosen) == 1:
                raise ResourceError(
                    "Not enough memory for one pair of frames. Close other programs, or track "
                    "the coarser scales 1/8 and 1/4 alone, or a smaller image."
                ) from error
            size = len(chosen) // 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            progress.notice(f"Memory ran short; going on with {size} pairs at a time.")
            continue
        start += len(chosen)
