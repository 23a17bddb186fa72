"""Freed memory stays with the process within the block, and goes back after it."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_PROBE = """
from engine.heap import freed_memory_kept

def held():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024

def use():
    arrays = [bytearray(b"x") * (64 * 2**20) for _ in range(3)]
    del arrays

use()
print(held())
with freed_memory_kept():
    use()
    print(held())
print(held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_memory_is_kept_within_the_block_and_given_back_after_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True, timeout=60
    )
    before, within, after = (int(line) for line in done.stdout.split())
    assert within - before > 180
    assert after - before < 20
