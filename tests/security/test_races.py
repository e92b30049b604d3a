"""Two runs at once: one is held between its steps, so that the race happens each time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support import tree

from aicos_tls import disk
from aicos_tls.cli.errors import guarded
from aicos_tls.commands import enable as enabling
from aicos_tls.commands import recording
from aicos_tls.disk import transaction
from aicos_tls.errors import TlsError

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

    from aicos_tls.disk.prepare import Prepared

COMPOSE = """\
services:
  api:
    build: .
    healthcheck: {test: curl http://localhost:1}
  web:
    build: .
    environment: {API_URL: "http://api:1"}
"""
FIRST = ("enable", "--no-certs", "-q")


@pytest.mark.parametrize("other", [(*FIRST, "--mount-path", "/run/tls"), ("rollback",)], ids=["enable", "rollback"])
def test_who_comes_after_the_first_look_is_refused(other: tuple[str, ...], project: Project, run: Run) -> None:
    """The first run is held when its plan is made and nothing is written yet."""
    directory = project(COMPOSE)
    assert run(*FIRST).code == 0
    planned, go = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        real = recording.operations_of

        def held(*args: object) -> object:
            os.write(planned[1], b"x")
            os.read(go[0], 1)
            return real(*args)  # type: ignore[arg-type]

        vars(enabling)["operations_of"] = held
        os._exit(guarded((*FIRST, "--mount-path", "/x/tls")))
    os.read(planned[0], 1)
    refused = run(*other)
    os.write(go[1], b"x")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for descriptor in (*planned, *go):
        os.close(descriptor)
    assert (refused.code, code) == (2, 0)
    assert f"process {child}" in refused.err
    assert run("rollback").code == 0
    assert tree(directory) == {"docker-compose.yml": COMPOSE.encode()}


def test_a_file_that_somebody_makes_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last look at a new name and the moment it is given."""
    target = tmp_path / "ca-key.pem"
    real = transaction._name_new  # noqa: SLF001 - the step before which the other run comes

    def late(file: Prepared) -> None:
        target.write_bytes(b"theirs")
        real(file)

    monkeypatch.setattr(transaction, "_name_new", late)
    with (
        pytest.raises(TlsError, match="exists already and is not overwritten"),
        disk.lock(tmp_path) as locked,
    ):
        disk.commit([disk.Write(target, b"ours", None)], locked)
    assert tree(tmp_path) == {"ca-key.pem": b"theirs"}


def test_a_shared_certificates_directory_is_locked(tmp_path: Path) -> None:
    with (
        disk.lock_certificates(tmp_path / "certs"),
        pytest.raises(TlsError, match="another run is working on the certificates"),
        disk.lock_certificates(tmp_path / "certs"),
    ):
        pass
    with disk.lock_certificates(tmp_path / "certs"):
        assert list(tmp_path.iterdir()) == []
