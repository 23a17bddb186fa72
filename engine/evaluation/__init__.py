"""How accurate the methods are: phantoms with known motion, real loops, and the paper's figures."""

from engine.evaluation.figures import evaluate_figures
from engine.evaluation.loops import evaluate_loops
from engine.evaluation.phantom import evaluate_phantoms
from engine.evaluation.records import Evaluation, EvaluationConfig
from engine.evaluation.tables import markdown, write_evaluation

__all__ = [
    "Evaluation",
    "EvaluationConfig",
    "evaluate_figures",
    "evaluate_loops",
    "evaluate_phantoms",
    "markdown",
    "write_evaluation",
]
