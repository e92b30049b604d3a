"""`.gitignore`: whether git ignores the certificates directory, asked of git itself, and the line that is added."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import needs, work_tree

from aicos_tls.plan.gitignore import is_ignored, plan_gitignore, repository

if TYPE_CHECKING:
    from support import Project as MakeProject

PATTERNS = [
    "", "# certs/", "certs", "certs/", "/certs", "/certs/", "*certs", "cert?", "**/certs", "certs\n!certs",
    "!certs\ncerts", "stack", "stack/", "/stack/certs", "stack/certs/", "other", "*.pem", "**", "cer[t]s", "\\certs",
    "*", "certs/ ", "  certs",
]  # fmt: skip


def git(directory: Path, *arguments: str) -> int:
    return subprocess.run(["git", *arguments], cwd=directory, check=False, capture_output=True).returncode


@needs("git")
@pytest.mark.parametrize("nested", ["", "!certs", "certs"])
@pytest.mark.parametrize("patterns", PATTERNS)
def test_it_agrees_with_git(project: MakeProject, patterns: str, nested: str) -> None:
    root = project({".gitignore": patterns + "\n", "stack/.gitignore": nested + "\n", "stack/certs/x": ""})
    git(root, "init", "-q")
    real = git(root, "check-ignore", "-q", "stack/certs/") == 0
    assert is_ignored(root.resolve(), Path("stack/certs")) is real


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "certs/\n"),
        ("", "certs/\n"),
        ("a\n", "a\ncerts/\n"),
        ("a", "a\ncerts/\n"),
        ("a\r\nb\r\n", "a\r\nb\r\ncerts/\r\n"),
        ("\ufeffa\n", "\ufeffa\ncerts/\n"),
    ],
)
def test_the_added_line(project: MakeProject, before: str | None, after: str) -> None:
    root = project({"x": ""} if before is None else {".gitignore": before})
    work_tree(root)
    planned = plan_gitignore(root, "./certs")
    assert planned is not None
    assert planned.after == after.encode()
    assert planned.kind == ("created" if before is None else "text")


@pytest.mark.parametrize("certs", ["/etc/certs", "../certs", "./x/../../certs"])
def test_a_directory_elsewhere_is_not_ones_own_to_ignore(project: MakeProject, certs: str) -> None:
    root = project({"x": ""})
    work_tree(root)
    assert plan_gitignore(root, certs) is None


def test_nothing_to_do_without_git_or_when_ignored(project: MakeProject) -> None:
    root = project({".gitignore": "certs\n"})
    assert repository(root) is None
    assert plan_gitignore(root, "certs") is None
    work_tree(root)
    assert repository(root) == root.resolve()
    assert plan_gitignore(root, "certs") is None
