"""An installed copy carries what the program reads at run time."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_resource_travels_in_a_wheel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = settings["tool"]["setuptools"]
    patterns = tools["package-data"]["*"]
    packages = tools["packages"]["find"]["include"]
    files = [path for path in (ROOT / "resources").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns), path
        package = ".".join(path.parent.relative_to(ROOT).parts)
        assert any(fnmatch.fnmatch(package, pattern) for pattern in packages), path
