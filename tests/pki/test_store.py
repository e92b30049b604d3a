from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import TlsError
from aicos_tls.pki import Wanted
from aicos_tls.pki.reading import Problem
from aicos_tls.pki.state import State
from aicos_tls.pki.store import inventory, survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki.state import Pair, Survey

FORCE = "aicos-tls certs issue --force"


@pytest.fixture
def look(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> Callable[[], Survey]:
    """The survey of the directory as it stands when this is called."""
    return lambda: survey(certs, wanted, now=now)


def _api(found: Survey) -> Pair:
    """The pair that the tests break; the other one must not suffer from it."""
    api, web = found.pairs
    assert (api.short_name, web.short_name, web.state) == ("api", "web", State.FITS)
    return api


def _problem(found: Pair) -> tuple[str, str]:
    assert found.problem
    return found.problem.path.name, found.problem.message


def test_a_directory_in_order_fits(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    found = survey(certs, wanted, now=now)
    assert found.authority.state is State.FITS
    assert found.authority.issuer
    assert _api(found).state is State.FITS
    assert (found.others, found.remarks) == ((), ())
    assert {path.name for path in found.existing} == {path.name for path in certs.iterdir()}


def test_an_empty_or_absent_directory_misses_everything(
    tmp_path: Path, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        found = survey(directory, wanted, now=now)
        assert found.authority.state is State.MISSING
        assert [pair.state for pair in found.pairs] == [State.MISSING, State.MISSING]
        assert found.existing == frozenset()


def test_what_is_no_directory_or_no_name_is_refused(tmp_path: Path, now: datetime) -> None:
    (tmp_path / "certs").touch()
    with pytest.raises(TlsError, match="no directory"):
        survey(tmp_path / "certs", (), now=now)
    with pytest.raises(TlsError, match="cannot be a name"):
        survey(tmp_path, [Wanted("a", ("a b",))], now=now)


def test_keys_never_show(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    assert "PrivateKey" not in repr(survey(certs, wanted, now=now))


@pytest.mark.parametrize(("gone", "there"), [("api-key.pem", "api-cert.pem"), ("api-cert.pem", "api-key.pem")])
def test_half_a_pair(certs: Path, wanted: tuple[Wanted, ...], now: datetime, gone: str, there: str) -> None:
    (certs / gone).unlink()
    api = _api(survey(certs, wanted, now=now))
    assert api.state is State.CONFLICT
    assert _problem(api) == (gone, f"missing, though {there} is there")
    assert api.problem
    assert api.problem.hint == f"put the right file back, or replace the pair with: {FORCE} api"


def test_a_key_that_does_not_match(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    shutil.copy(certs / "web-key.pem", certs / "api-key.pem")
    api = _api(survey(certs, wanted, now=now))
    assert (api.state, api.key) == (State.CONFLICT, None)
    assert _problem(api) == ("api-key.pem", "the private key does not match api-cert.pem")


def test_a_leaf_of_another_ca(certs: Path, foreign: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    for name in ("api-cert.pem", "api-key.pem"):
        shutil.copy(foreign / name, certs / name)
    api = _api(survey(certs, wanted, now=now))
    assert api.state is State.CONFLICT
    assert api.key
    assert _problem(api)[0] == "api-cert.pem"
    assert _problem(api)[1].startswith("the certificate was not signed by the CA that is there")


def test_leaves_without_their_ca(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    (certs / "ca-cert.pem").unlink()
    (certs / "ca-key.pem").unlink()
    found = survey(certs, wanted, now=now)
    assert found.authority.state is State.MISSING
    assert [pair.state for pair in found.pairs] == [State.CONFLICT, State.CONFLICT]
    assert _problem(found.pairs[0]) == ("api-cert.pem", "the certificate has no CA beside it that could vouch for it")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("api-cert.pem", "this is no certificate in PEM form that can be read"),
        ("api-key.pem", "this is no private key in PEM form"),
    ],
)
@pytest.mark.parametrize("data", [b"", b"garbage", b"\x00\xff"])
def test_garbage(certs: Path, look: Callable[[], Survey], file: str, message: str, data: bytes) -> None:
    (certs / file).write_bytes(data)
    api = _api(look())
    assert api.state is State.CONFLICT
    assert _problem(api) == (file, message)


def _encrypt(openssl: Callable[..., str], key: Path) -> None:
    key.write_text(openssl("pkcs8", "-topk8", "-in", key, "-passout", "pass:secret"))


def test_an_encrypted_key(certs: Path, wanted: tuple[Wanted, ...], now: datetime, openssl: Callable[..., str]) -> None:
    _encrypt(openssl, certs / "api-key.pem")
    api = _api(survey(certs, wanted, now=now))
    assert api.state is State.CONFLICT
    assert _problem(api) == ("api-key.pem", "the private key is encrypted, and nobody is there to type a passphrase")


@pytest.mark.parametrize("file", ["api-cert.pem", "api-key.pem"])
def test_a_directory_in_place_of_a_file_comes_before_all_else(
    certs: Path, wanted: tuple[Wanted, ...], now: datetime, file: str
) -> None:
    for name in ("api-cert.pem", "api-key.pem"):
        (certs / name).write_bytes(b"garbage")
    (certs / file).unlink()
    (certs / file).mkdir()
    api = _api(survey(certs, wanted, now=now))
    assert api.problem == Problem(certs / file, "this is a directory", "move it away", replaceable=False)


def test_an_unreadable_file(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    (certs / "api-key.pem").unlink()
    (certs / "api-key.pem").symlink_to("api-key.pem")
    api = _api(survey(certs, wanted, now=now))
    assert api.state is State.CONFLICT
    assert _problem(api) == ("api-key.pem", "cannot be read: Too many levels of symbolic links")


def test_an_expired_leaf_is_stale(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    found = survey(certs, wanted, now=now - timedelta(hours=2))
    assert found.authority.state is State.CONFLICT
    assert found.authority.problem
    assert "is not valid before 2026-03-01 11:00 UTC" in found.authority.problem.message
    assert [pair.state for pair in found.pairs] == [State.STALE, State.STALE]
    late = survey(certs, wanted, now=now + timedelta(days=101))
    assert [_problem(pair)[1] for pair in late.pairs] == ["the certificate expired on 2026-06-09"] * 2
    assert late.authority.problem
    assert late.authority.problem.message == "the certificate expired on 2026-06-09"
    assert late.authority.issuer is None
    assert late.pairs[0].key


def test_a_name_that_is_lacking_makes_a_leaf_stale(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    more = (Wanted("api", (*wanted[0].dns_names, "api.internal")), wanted[1])
    api = _api(survey(certs, more, now=now))
    assert api.state is State.STALE
    assert _problem(api) == ("api-cert.pem", "the certificate lacks the name api.internal")
    assert api.problem
    assert api.problem.hint == "issue it anew, its key kept, with: aicos-tls certs issue"


def test_more_names_than_wanted_do_no_harm(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    assert _api(survey(certs, (Wanted("api", ("api_1",)), wanted[1]), now=now)).state is State.FITS


def test_a_ca_whose_key_is_kept_elsewhere_fits_but_cannot_issue(
    certs: Path, wanted: tuple[Wanted, ...], now: datetime
) -> None:
    (certs / "ca-key.pem").unlink()
    found = survey(certs, wanted, now=now)
    assert (found.authority.state, found.authority.issuer) == (State.FITS, None)
    assert found.authority.key_problem
    assert found.authority.key_problem.message == "the CA's private key is not here"
    assert _api(found).state is State.FITS


def test_a_ca_whose_key_is_encrypted_fits_but_cannot_issue(
    certs: Path, wanted: tuple[Wanted, ...], now: datetime, openssl: Callable[..., str]
) -> None:
    _encrypt(openssl, certs / "ca-key.pem")
    found = survey(certs, wanted, now=now)
    assert (found.authority.state, found.authority.issuer) == (State.FITS, None)
    assert found.authority.key_problem
    assert "encrypted" in found.authority.key_problem.message


@pytest.mark.parametrize(
    ("spoil", "file", "message"),
    [
        (lambda certs: (certs / "ca-cert.pem").unlink(), "ca-cert.pem", "missing, though ca-key.pem is there"),
        (lambda certs: (certs / "ca-cert.pem").write_text("x"), "ca-cert.pem", "this is no certificate in PEM form"),
        (lambda certs: (certs / "ca-key.pem").write_text("x"), "ca-key.pem", "this is no private key in PEM form"),
        (
            lambda certs: shutil.copy(certs / "web-key.pem", certs / "ca-key.pem"),
            "ca-key.pem",
            "does not match ca-cert",
        ),
        (lambda certs: shutil.copy(certs / "web-cert.pem", certs / "ca-cert.pem"), "ca-key.pem", "does not match"),
    ],
)
def test_a_ca_that_is_out_of_order(
    certs: Path, look: Callable[[], Survey], spoil: Callable[[Path], object], file: str, message: str
) -> None:
    spoil(certs)
    found = look().authority
    assert (found.state, found.issuer) == (State.CONFLICT, None)
    assert found.problem
    assert found.problem.path.name == file
    assert message in found.problem.message
    assert found.problem.hint.endswith(f"replace the CA and all certificates with: {FORCE}")


def test_half_a_ca_whose_key_is_encrypted_is_still_half(
    certs: Path, now: datetime, openssl: Callable[..., str]
) -> None:
    _encrypt(openssl, certs / "ca-key.pem")
    (certs / "ca-cert.pem").unlink()
    found = survey(certs, (), now=now).authority
    assert found.problem
    assert found.problem.message == "missing, though ca-key.pem is there"


def test_a_leaf_is_no_ca(certs: Path, now: datetime) -> None:
    for kind in ("cert", "key"):
        shutil.copy(certs / f"web-{kind}.pem", certs / f"ca-{kind}.pem")
    found = survey(certs, (), now=now).authority
    assert found.problem
    assert found.problem.message == "the certificate is not that of a CA"


def test_others_are_named_and_left_alone(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> None:
    found = survey(certs, wanted[:1], now=now)
    assert found.others == ("web",)
    assert "web-key.pem" not in {path.name for path in found.existing}


@pytest.mark.parametrize(
    ("file", "mode", "message"),
    [
        ("api-key.pem", 0o640, "the private key is open to others (mode 0640)"),
        ("api-key.pem", 0o604, "the private key is open to others (mode 0604)"),
        ("ca-key.pem", 0o620, "the private key is open to others (mode 0620)"),
        ("api-cert.pem", 0o664, "others may write the certificate (mode 0664)"),
        ("api-cert.pem", 0o600, "containers that run as another user cannot read the certificate (mode 0600)"),
    ],
)
def test_wrong_modes_are_remarked_and_not_mended(
    certs: Path, look: Callable[[], Survey], file: str, mode: int, message: str
) -> None:
    (certs / file).chmod(mode)
    found = look()
    assert _api(found).state is State.FITS
    (remark,) = found.remarks
    assert (remark.path.name, remark.message) == (file, message)
    assert remark.hint == f"chmod {'600' if 'key' in file else '644'} {certs / file}"
    assert (certs / file).stat().st_mode & 0o777 == mode


def test_a_ca_and_leaf_that_only_lenient_clients_take_are_remarked(
    tmp_path: Path, openssl: Callable[..., str], now: datetime
) -> None:
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "ca-key.pem", "-out", "ca-cert.pem",
            "-subj", "/CN=old", "-days", "3650")  # fmt: skip
    openssl("req", "-newkey", "rsa:1024", "-nodes", "-keyout", "api-key.pem", "-out", "r.pem", "-subj", "/CN=api")
    openssl("x509", "-req", "-in", "r.pem", "-CA", "ca-cert.pem", "-CAkey", "ca-key.pem", "-out", "api-cert.pem",
            "-days", "3650")  # fmt: skip
    remarks = survey(tmp_path, [Wanted("api", ())], now=now).remarks
    assert [(remark.path.name, remark.message) for remark in remarks if "key of" in remark.message] == [
        (
            f"{name}-cert.pem",
            "the certificate has an RSA key of fewer than 2048 bits, which current TLS libraries refuse",
        )
        for name in ("ca", "api")
    ]


def test_the_inventory_lists_all_that_is_there(certs: Path, now: datetime) -> None:
    (certs / "old-cert.pem").write_text("garbage")
    (certs / "web-key.pem").unlink()
    (certs / "api-key.pem").chmod(0o644)
    found = inventory(certs, now=now)
    assert [(each.short_name, each.key_mode) for each in found.listed] == [("ca", 0o600), ("api", 0o644), ("web", None)]
    assert found.listed[1].certificate.names == ("aicos-api", "api_1", "localhost", "127.0.0.1", "::1")
    assert [problem.path.name for problem in found.problems] == ["old-cert.pem"]
