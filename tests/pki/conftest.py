"""What the tests of certificates share: a moment, a quick profile, and directories that are in order."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support import need

from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.issuing import NewFile, issue
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from pathlib import Path

Deploy = Callable[[Iterable[NewFile]], None]
OpenSsl = Callable[..., str]


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def quick() -> Profile:
    return Profile(KeyType.P256, 100)


@pytest.fixture
def wanted() -> tuple[Wanted, ...]:
    return (Wanted("api", ("aicos-api", "api_1")), Wanted("web", ("aicos-web",)))


@pytest.fixture
def deploy() -> Deploy:
    """Writes new files, as `disk` will: what must not be overwritten is not there."""

    def write(new_files: Iterable[NewFile]) -> None:
        for file in new_files:
            file.path.parent.mkdir(exist_ok=True)
            assert file.path.exists() == file.overwrite
            file.path.write_bytes(file.data)
            file.path.chmod(file.mode)

    return write


@pytest.fixture
def certs(tmp_path: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy) -> Path:
    """A directory in which everything that is wanted fits."""
    directory = tmp_path / "certs"
    deploy(issue(survey(directory, wanted, now=now), quick, project="aicos", now=now).new_files)
    return directory


@pytest.fixture
def foreign(tmp_path: Path, wanted: tuple[Wanted, ...], quick: Profile, now: datetime, deploy: Deploy) -> Path:
    """The same, by another CA of the same name."""
    directory = tmp_path / "foreign"
    deploy(issue(survey(directory, wanted, now=now), quick, project="aicos", now=now).new_files)
    return directory


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSsl:
    """Runs the openssl command in a directory of its own and returns what it printed."""

    program = need("openssl")

    def run(*arguments: object) -> str:
        command = [program, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
