"""The import table of the README: data flows one way, and only `commands` joins what hangs off the spine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "aicos_tls"

SPINE = [
    "budgets",
    "errors",
    "files",
    "yamledit",
    "compose",
    "healthchecks",
    "plan",
    "sources",
    "connections",
    "serving",
    "rules",
    "proof",
    "planner",
]
ALLOWED = {
    **{name: set(SPINE[:index]) for index, name in enumerate(SPINE)},
    "healthchecks": {"budgets", "errors"},
    "disk": {"budgets", "errors", "files"},
    "rollback": {"budgets", "errors", "files"},
    "pki": {"budgets", "errors", "files"},
    "live": {*SPINE, "pki"},
    "override": {*SPINE, "proof"},
    "doctor": {*SPINE, "disk", "rollback", "pki"},
    "commands": {*SPINE, "disk", "rollback", "pki", "live", "proof", "override", "doctor"},
    "report": {*SPINE, "disk", "rollback", "pki", "live", "doctor", "commands"},
    "cli": {*SPINE, "disk", "rollback", "pki", "live", "doctor", "commands", "report"},
    "__main__": {"cli"},
    "__init__": set(),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The parts of the package that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            whole = node.module == "aicos_tls"
            names = [f"aicos_tls.{a.name}" for a in node.names] if whole else [node.module]
        found |= {name.split(".")[1] for name in names if name.startswith("aicos_tls.")}
    return found - {"__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_from_the_left(path: Path) -> None:
    own = part(path)
    assert imported(path) - {own} <= ALLOWED[own]


def test_no_drawer_for_everything() -> None:
    assert not [path for path in modules() if path.stem in ("utils", "helpers", "common", "misc")]


@pytest.mark.parametrize("arguments", [["--help"], ["enable", "--help"], ["enable", "--dry-run"]])
def test_what_is_not_needed_is_not_loaded(arguments: list[str]) -> None:
    code = (
        "import sys; from aicos_tls.cli.errors import guarded; code = guarded(sys.argv[1:]);"
        "print('LOADED', sorted({'cryptography', 'jinja2', 'rich', 'logging'} & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT / "fixtures/aicos",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "LOADED [] 0"
