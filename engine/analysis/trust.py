"""How far each vector can be trusted."""

from __future__ import annotations

from typing import Final

THRESHOLD: Final = 0.5
