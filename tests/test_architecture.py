"""The house's rules: who may import whom, what runs without Qt, how long a file may be."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from importlinter.cli import lint_imports

from engine.phantom import PhantomConfig, PhantomKind, make_phantom

ROOT = Path(__file__).parents[1]
QT = ("PySide6", "pyqtgraph", "shiboken6", "PyQt5", "PyQt6")
LONGEST_FILE = 400

BLOCK_QT = f"""
import sys

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {QT!r}:
            raise ImportError(f"{{name}} is not on this machine")

sys.meta_path.insert(0, NoQt())
"""


def sources(*packages: str) -> Iterator[Path]:
    """Yield the Python files of packages."""
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


def run_fresh(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter at the project's root."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_engine_imports_neither_qt_nor_app() -> None:
    forbidden = {*QT, "app"}
    for path in sources("engine"):
        names = {name.split(".")[0] for name in imported(ast.parse(path.read_text("utf-8")))}
        assert not names & forbidden, path


def test_the_command_line_imports_no_qt() -> None:
    for path in [ROOT / "app" / "cli.py", ROOT / "app" / "console.py", *sources("app/commands")]:
        names = {name.split(".")[0] for name in imported(ast.parse(path.read_text("utf-8")))}
        assert not names & set(QT), path


def test_no_module_is_long_and_none_prints() -> None:
    for path in sources("app", "engine"):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= LONGEST_FILE, path
        calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        names = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
        assert "print" not in names, path


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", cache_dir=None) == 0


def test_all_of_engine_loads_without_qt() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sources("engine")
    ]
    code = (
        f"import importlib, sys\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
        f"loaded = sorted(set(sys.modules) & set({(*QT, 'app')!r}))\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    answer = run_fresh(code)
    assert answer.returncode == 0, answer.stderr


def test_track_runs_where_qt_cannot_be_imported(tmp_path: Path) -> None:
    small = PhantomConfig(kind=PhantomKind.RIGID, size=(64, 64), frames=2, cycle_frames=20)
    np.savez(tmp_path / "loop.npz", frames=make_phantom(small).cine.frames)
    words = ["track", "loop.npz", "--out", "out", "--method", "dis", "--mask-method", "paper"]
    code = (
        f"{BLOCK_QT}\nimport os, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"os.chdir({str(tmp_path)!r})\nsys.argv = ['main.py', *{words!r}]\n"
        "from app.cli import main\nmain()"
    )
    answer = run_fresh(code)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "out" / "result.h5").exists()
