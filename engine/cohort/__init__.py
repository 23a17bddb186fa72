"""Many studies: a list or a folder goes in, results and one table come out."""

from engine.cohort.listing import read_cohort
from engine.cohort.run import run_cohort
from engine.cohort.values import CohortConfig, CohortLoop, CohortResult, LoopOutcome, Status

__all__ = [
    "CohortConfig",
    "CohortLoop",
    "CohortResult",
    "LoopOutcome",
    "Status",
    "read_cohort",
    "run_cohort",
]
