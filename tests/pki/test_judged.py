from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.pki import revocation
from aicos_tls.pki.judged import faults, out_of_time
from aicos_tls.pki.judgement import find_pair, judge_authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def files(certs: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in certs.glob("*.pem")}


@pytest.fixture
def strange(foreign: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in foreign.glob("*.pem")}


def test_what_belongs_together(certs: Path, files: dict[str, bytes], now: datetime) -> None:
    assert list(faults(files)) == []
    issuer = judge_authority(find_pair(certs, "ca"), now=now).issuer
    assert issuer
    files |= {revocation.FILE: revocation.make(issuer, [], None, now=now), "roots.pem": b"anything"}
    assert list(faults(files)) == []
    del files["ca-key.pem"]
    assert list(faults(files)) == []


ODD: dict[str, tuple[Callable[[dict[str, bytes], dict[str, bytes]], object], str, str]] = {
    "no CA": (lambda own, _: own.pop("ca-cert.pem"), "ca-cert.pem", "is not in it"),
    "a broken CA": (lambda own, _: own.update({"ca-cert.pem": b"x"}), "ca-cert.pem", "no certificate"),
    "the key of another CA": (
        lambda own, o: own.update({"ca-key.pem": o["ca-key.pem"]}),
        "ca-key.pem",
        "does not match",
    ),
    "half a pair": (lambda own, _: own.pop("api-key.pem"), "api-key.pem", "is not in it"),
    "the other half": (lambda own, _: own.pop("api-cert.pem"), "api-key.pem", "belongs to no certificate"),
    "a broken leaf": (lambda own, _: own.update({"api-cert.pem": b"x"}), "api-cert.pem", "no certificate"),
    "a broken key": (lambda own, _: own.update({"api-key.pem": b"x"}), "api-key.pem", "no private key"),
    "the key of another": (lambda own, _: own.update({"api-key.pem": own["web-key.pem"]}), "api-key.pem", "match"),
    "another CA's leaf": (
        lambda own, o: own.update({name: o[name] for name in ("api-cert.pem", "api-key.pem")}),
        "api-cert.pem",
        "was not signed by the CA",
    ),
    "no list": (lambda own, _: own.update({revocation.FILE: b"x"}), revocation.FILE, "no revocation list"),
}


@pytest.mark.parametrize(("change", "name", "why"), ODD.values(), ids=ODD)
def test_what_does_not(
    files: dict[str, bytes],
    strange: dict[str, bytes],
    change: Callable[[dict[str, bytes], dict[str, bytes]], object],
    name: str,
    why: str,
) -> None:
    change(files, strange)
    ((found, reason),) = faults(files)
    assert found == name
    assert why in reason


def test_dates_are_told_apart(files: dict[str, bytes], now: datetime) -> None:
    assert list(out_of_time(files, now=now)) == []
    late = list(out_of_time(files, now=now + timedelta(days=101)))
    assert [name for name, _ in late] == ["api-cert.pem", "ca-cert.pem", "web-cert.pem"]
    assert all("expired" in why for _, why in late)
