"""Myoflux's engine: from a cine to masks, displacement fields, measurements and reports.

The engine knows no window: it imports neither Qt nor ``app``. Its verbs stand in
``engine.pipeline``, its values in ``engine.model``.
"""

from typing import Final

__version__: Final = "0.1.0"
