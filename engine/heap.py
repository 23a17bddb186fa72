"""Memory that numerical work frees is kept for its next arrays instead of going back at once.

The GNU C library returns every large array to the system when it is freed; the next one is then
handed out page by page anew, which costs a quarter of a tracking's processor time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""Parameters of ``mallopt`` (malloc.h)."""

_USUAL_BYTES: Final = 128 * 1024
"""What the C library begins with, for both thresholds."""
_LARGEST_BYTES: Final = 256 * 1024**2
"""Larger arrays (whole fields) still go back at once."""
_KEPT_BYTES: Final = 2**31 - 1


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory within the block, and give it back at its end.

    Without the GNU C library nothing happens.
    """
    _set(_MMAP_THRESHOLD, _LARGEST_BYTES)
    _set(_TRIM_THRESHOLD, _KEPT_BYTES)
    try:
        yield
    finally:
        _set(_MMAP_THRESHOLD, _USUAL_BYTES)
        _set(_TRIM_THRESHOLD, _USUAL_BYTES)
        trim = _function("malloc_trim")
        if trim is not None:
            trim(0)


def share_one_heap() -> None:
    """Let threads started from now on share the first one's memory.

    The heaps that the C library gives them otherwise hold no array above 32 MiB.
    """
    _set(_ARENA_MAX, 1)


def _set(parameter: int, value: int) -> None:
    """Set a parameter of the allocator, where it can be set."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(parameter, value)


@cache
def _function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library that this process runs on, or None."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    found: Callable[..., int] | None = getattr(library, name, None)
    return found
