"""Verdicts on what servers said, without servers: what is rare, or takes a clock to see."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from live.leaves import authority, write_leaf
from msgspec.structs import replace

from aicos_tls.live.judge import EXPIRED, NOT_YET, OnDisk, Served, read_disk, served
from aicos_tls.live.model import State
from aicos_tls.live.probe import Answer, Handshake, Plain, Stranger, Unreached

if TYPE_CHECKING:
    from pathlib import Path

    from aicos_tls.live.model import Check

UNKNOWN_CA = 20


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = authority(tmp_path_factory.mktemp("certs"))
    write_leaf(directory, "api", ["api"], signer=directory)
    return directory


@pytest.fixture
def disk(certs: Path) -> OnDisk:
    return read_disk(certs, "api")


@pytest.fixture
def good(disk: OnDisk) -> Answer:
    leaf = base64.b64encode(disk.leaf).decode()
    found = Handshake("TLSv1.3", "TLS_AES_256_GCM_SHA384", leaf, 0, "", "")
    return Answer("", Plain(), {"api": found}, Stranger(accepted=False, error="unknown issuer", roots=100))


def judge(answer: Answer | Unreached, disk: OnDisk, after: OnDisk | None = None, *, days: float = 0) -> Served:
    now = datetime.now(UTC) + timedelta(days=days)
    return served(8001, answer, disk, after or disk, service="api", now=now)


def check(found: Served, name: str) -> Check:
    return next(each for each in found.checks if each.id == name)


def named(answer: Answer, **differs: object) -> Answer:
    """The answer with another handshake."""
    return replace(answer, names={name: replace(each, **differs) for name, each in answer.names.items()})


def test_in_order(good: Answer, disk: OnDisk) -> None:
    found = judge(good, disk)
    assert {each.state for each in found.checks} == {State.OK}
    assert [each.id for each in found.checks] == ["tls", "chain", "names", "expiry", "on-disk", "plain", "no-ca"]
    assert (found.encrypted, found.names, found.refused) == (True, ("api",), {})
    assert found.days_left in (89, 90)
    assert len(found.fingerprint) == 64


def test_not_reached_and_not_there(disk: OnDisk) -> None:
    away = judge(Unreached("the network is elsewhere"), disk)
    assert (away.checks[0].state, away.encrypted) == (State.UNKNOWN, False)
    assert "cannot be probed from here: the network is elsewhere" in away.checks[0].words
    gone = judge(Answer("Connection refused"), disk).checks[0]
    assert (gone.state, gone.words) == (State.FAILED, "nothing answers at port 8001: Connection refused")


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        (Plain("HTTP/1.1 200 OK"), "it answers plain HTTP (HTTP/1.1 200 OK), and no TLS"),
        (Plain(), "no TLS handshake: wrong version number"),
        (Plain("HTTP/1.1 400 Bad Request", hint=True), "no TLS handshake: wrong version number"),
    ],
)
def test_no_tls(good: Answer, disk: OnDisk, plain: Plain, words: str) -> None:
    broken = replace(named(good, handshake="wrong version number", version=""), plain=plain)
    assert [(each.state, each.words) for each in judge(broken, disk).checks] == [(State.FAILED, words)]


def test_no_tls_as_one_of_its_names(good: Answer, disk: OnDisk) -> None:
    other = replace(good.names["api"], handshake="unrecognized name", version="")
    found = judge(replace(good, names={**good.names, "web": other}), disk)
    assert found.refused["web"].words == "no TLS handshake as web: unrecognized name"
    assert check(found, "tls").state is State.OK


def test_an_old_version(good: Answer, disk: OnDisk) -> None:
    assert "too old" in check(judge(named(good, version="TLSv1.1"), disk), "tls").words


def test_an_old_version_that_clients_refuse(good: Answer, disk: OnDisk) -> None:
    found = judge(named(good, version="TLSv1", code=-1, error="TLSV1_ALERT_PROTOCOL_VERSION"), disk)
    assert [each.id for each in found.checks if each.state is State.FAILED] == ["tls"]
    assert check(found, "chain").state is State.SKIPPED
    assert found.refused["api"] == check(found, "tls")
    other = judge(named(good, code=-1, error="unsuitable certificate purpose"), disk)
    assert [each.id for each in other.checks if each.state is State.FAILED] == ["chain"]


def test_another_ca(good: Answer, disk: OnDisk) -> None:
    found = judge(named(good, code=UNKNOWN_CA, error="unable to get local issuer certificate"), disk)
    assert check(found, "chain").state is State.FAILED
    assert check(found, "names").state is State.SKIPPED
    assert found.refused["api"] == check(found, "chain")


def test_expired_and_not_yet(good: Answer, disk: OnDisk) -> None:
    late = judge(named(good, code=EXPIRED, error="certificate has expired"), disk, days=91)
    assert (check(late, "expiry").state, check(late, "chain").state) == (State.FAILED, State.OK)
    assert late.refused["api"] == check(late, "expiry")
    early = judge(named(good, code=NOT_YET, error="certificate is not yet valid"), disk, days=-1)
    assert "is valid from" in check(early, "expiry").words
    assert early.refused["api"].state is State.FAILED


def test_an_expired_ca(good: Answer, disk: OnDisk) -> None:
    found = judge(named(good, code=EXPIRED, error="certificate has expired"), disk)
    assert check(found, "chain").words == "the CA has expired"
    assert found.refused["api"].words == "the CA has expired"


def test_the_wrong_names(good: Answer, disk: OnDisk) -> None:
    found = judge(named(good, code=62, error="Hostname mismatch"), disk)
    assert check(found, "names").words == "its certificate is not for api: it is for api"
    assert check(found, "chain").state is State.OK


def test_renewed(good: Answer, disk: OnDisk, certs: Path) -> None:
    newer = replace(disk, leaf=certificate(certs / "x-cert.pem"))
    assert "it still serves another one" in check(judge(good, newer), "on-disk").words
    assert "it was renewed while it was asked" in check(judge(good, disk, newer), "on-disk").words


def certificate(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def test_plain_http_refused_with_a_word_and_answered(good: Answer, disk: OnDisk) -> None:
    hint = judge(replace(good, plain=Plain("HTTP/1.1 400 Bad Request", hint=True)), disk)
    assert check(hint, "plain").state is State.OK
    answered = judge(replace(good, plain=Plain("HTTP/1.1 404 Not Found")), disk)
    assert check(answered, "plain").state is State.FAILED


def test_clients_without_the_ca(good: Answer, disk: OnDisk) -> None:
    known = judge(replace(good, stranger=Stranger(accepted=True, roots=3, knows=True)), disk)
    assert check(known, "no-ca").state is State.SKIPPED
    public = judge(replace(good, stranger=Stranger(accepted=True, roots=3)), disk)
    assert check(public, "no-ca").state is State.FAILED


def test_files_that_are_missing_or_broken(good: Answer, certs: Path, tmp_path: Path) -> None:
    empty = read_disk(tmp_path, "api")
    assert (empty.ca, empty.leaf, empty.problem) == ("", b"", "ca-cert.pem is missing")
    found = judge(good, empty)
    assert check(found, "chain").words == "ca-cert.pem is missing"
    assert check(found, "on-disk").words == "ca-cert.pem is missing"
    assert found.refused["api"] == check(found, "chain")
    (tmp_path / "ca-cert.pem").write_bytes((certs / "ca-cert.pem").read_bytes())
    (tmp_path / "api-cert.pem").write_text("nonsense")
    assert read_disk(tmp_path, "api").problem.startswith("api-cert.pem: this is no certificate")
    (tmp_path / "api-cert.pem").unlink()
    (tmp_path / "api-cert.pem").mkdir()
    assert read_disk(tmp_path, "api").problem == "api-cert.pem: this is a directory, not a file"
    (tmp_path / "ca-cert.pem").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "ca-cert.pem")  # nobody writes to it: to read it would be to wait for ever
    assert read_disk(tmp_path, "api").problem.startswith("ca-cert.pem: ")
