from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.pki import CA_NAME, Wanted, presence
from aicos_tls.pki.layout import CERTIFICATE_MODE, KEY_MODE, certificate_path, check_wanted, key_path, short_names


def test_names_and_modes_are_those_of_the_guide() -> None:
    assert certificate_path(Path("certs"), CA_NAME) == Path("certs/ca-cert.pem")
    assert key_path(Path("certs"), "ai-intelligence") == Path("certs/ai-intelligence-key.pem")
    assert (CERTIFICATE_MODE, KEY_MODE) == (0o644, 0o600)


def test_short_names_are_read_off_the_files(tmp_path: Path) -> None:
    for name in ("web-cert.pem", "web-key.pem", "api-key.pem", "ca-cert.pem", "notes.txt"):
        (tmp_path / name).touch()
    assert short_names(tmp_path) == ("ca", "api", "web")


def test_a_directory_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert short_names(tmp_path / "certs") == ()


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "certs").touch()
    with pytest.raises(TlsError, match="this is no directory"):
        short_names(tmp_path / "certs")


def test_a_directory_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    loop = tmp_path / "certs"
    loop.symlink_to(loop)
    with pytest.raises(TlsError, match="cannot be listed: Too many levels") as caught:
        short_names(loop)
    assert caught.value.where
    assert caught.value.where.path == loop


def test_presence_tells_what_a_dry_run_would_issue(tmp_path: Path) -> None:
    for name in ("ca-cert.pem", "ca-key.pem", "api-cert.pem"):
        (tmp_path / name).touch()
    found = presence(tmp_path, [Wanted("api", ("api",)), Wanted("web", ("web",))])
    assert found.complete == ("ca",)
    assert found.incomplete == ("api", "web")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([Wanted("ca", ())], "short name 'ca'"),
        ([Wanted("CA", ())], "short name 'ca'"),
        ([Wanted("web", ()), Wanted("Web", ())], "two services have the short name 'web'"),
        ([Wanted("a/b", ())], "'a/b' cannot name certificate files"),
        ([Wanted("", ())], "'' cannot name certificate files"),
        ([Wanted("web", ("a b",))], "'a b' cannot be a name in a certificate"),
    ],
)
def test_wanted_leaves_that_cannot_be_are_refused(tmp_path: Path, wanted: list[Wanted], message: str) -> None:
    with pytest.raises(TlsError, match=message):
        check_wanted(wanted)
    with pytest.raises(TlsError, match=message):
        presence(tmp_path, wanted)


def test_what_a_dry_run_needs_does_not_load_cryptography() -> None:
    code = (
        "import sys, pathlib, aicos_tls.pki as pki\n"
        "pki.presence(pathlib.Path('certs'), [pki.Wanted('api', ('api',))])\n"
        "pki.Profile(pki.KeyType('p256'), 1)\n"
        "print([name for name in sys.modules if name.startswith('cryptography')])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, text=True, env=environment).strip() == "[]"


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(TlsError, match="is too long for the name of a file"):
        check_wanted([Wanted("x" * 300, ("x",))])
