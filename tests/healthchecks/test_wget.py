from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import NotHttp, Refused, Trust, Wget

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes, Words

N = "--no-check-certificate"

CASES: list[tuple[Words, Words]] = [
    (["wget", "http://localhost:80/"], ["wget", N, "https://localhost:80/"]),
    (["wget", "--spider", "http://localhost/"], ["wget", "--spider", N, "https://localhost:80/"]),
    (["wget", "-q", "--spider", "http://localhost:1"], ["wget", "-q", "--spider", N, "https://localhost:1"]),
    (["wget", "http://localhost:1", "-q"], ["wget", N, "https://localhost:1", "-q"]),
    (["wget", "-qO-", "http://127.0.0.1:1/"], ["wget", "-qO-", N, "https://127.0.0.1:1/"]),
    (["wget", "-q", "-O", "-", "http://api:1/"], ["wget", "-q", "-O", "-", N, "https://api:1/"]),
    (["wget", "-O-", "http://api:1/"], ["wget", "-O-", N, "https://api:1/"]),
    (["wget", "-nv", "-t1", "--spider", "http://api:1"], ["wget", "-nv", "-t1", "--spider", N, "https://api:1"]),
    (["wget", "-nv", "http://api:1"], ["wget", "-nv", N, "https://api:1"]),
    (["wget", "-T", "5", "http://api:1"], ["wget", "-T", "5", N, "https://api:1"]),
    (["wget", "-Y", "off", "http://api:1"], ["wget", "-Y", "off", N, "https://api:1"]),
    (["wget", "--tries=1", "http://api:1"], ["wget", "--tries=1", N, "https://api:1"]),
    (["wget", "--tries", "1", "http://api:1"], ["wget", "--tries", "1", N, "https://api:1"]),
    (["wget", N, "http://api:1"], ["wget", N, "https://api:1"]),
    (["wget", "http://api:1", N], ["wget", "https://api:1", N]),
    (["wget", "-q", "localhost:8080/ping"], ["wget", "-q", N, "https://localhost:8080/ping"]),
    (["wget", "-q", "0.0.0.0:8123/ping"], ["wget", "-q", N, "https://0.0.0.0:8123/ping"]),
    (
        ["wget", "--header", "X: http://localhost:2", "http://api:1"],
        ["wget", "--header", "X: http://localhost:2", N, "https://api:1"],
    ),
    (
        ["wget", "--post-data=http://localhost:2", "http://api:1"],
        ["wget", "--post-data=http://localhost:2", N, "https://api:1"],
    ),
    (["busybox", "wget", "-q", "http://api:1"], ["busybox", "wget", "-q", N, "https://api:1"]),
    (["/usr/bin/wget", "http://api:1/a", "http://api:2/b"], ["/usr/bin/wget", N, "https://api:1/a", "https://api:2/b"]),
    (["wget", "https://api:1"], ["wget", N, "https://api:1"]),
    (["wget", "--ca-certificate=/c", "https://api:1"], ["wget", "--ca-certificate=/c", "https://api:1"]),
    ("wget -qO- http://127.0.0.1:3000/", f"wget -qO- {N} https://127.0.0.1:3000/"),
    ("wget --spider -q http://localhost:1 || exit 1", f"wget --spider -q {N} https://localhost:1 || exit 1"),
    (
        "wget -q --tries=1 http://localhost:80/v1 -O - | grep -Eo '\"healthy\"\\s*:\\s*true' || exit 1",
        f"wget -q --tries=1 {N} https://localhost:80/v1 -O - | grep -Eo '\"healthy\"\\s*:\\s*true' || exit 1",
    ),
    (
        "wget --spider -q http://0.0.0.0:8333; [ $$? -le 8 ]",
        f"wget --spider -q {N} https://0.0.0.0:8333; [ $$? -le 8 ]",
    ),
    (
        '(wget -S --spider http://127.0.0.1:1/ 2>&1 | grep -q "HTTP/1.1 [1-3]")',
        f'(wget -S --spider {N} https://127.0.0.1:1/ 2>&1 | grep -q "HTTP/1.1 [1-3]")',
    ),
    ("wget -qO- http://`hostname`:3000", f"wget -qO- {N} https://`hostname`:3000"),
    (
        "wget -qO- http://127.0.0.1:1/r && wget -qO- http://127.0.0.1:2/r || exit 1",
        f"wget -qO- {N} https://127.0.0.1:1/r && wget -qO- {N} https://127.0.0.1:2/r || exit 1",
    ),
    ("timeout -t 5 wget http://localhost:1", f"timeout -t 5 wget {N} https://localhost:1"),
    (
        ["sh", "-c", "wget --method=GET -qO- http://localhost:1/s > /dev/null || exit 1"],
        ["sh", "-c", f"wget --method=GET -qO- {N} https://localhost:1/s > /dev/null || exit 1"],
    ),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_rewritten(before: Words, after: Words, change: Change) -> None:
    assert change(before) == after


@pytest.mark.parametrize(
    "words",
    [
        ["wget", "--spider", "http://web:3000"],
        ["wget", "-qO-", "web:3000/x"],
        ["wget", "-i", "http://localhost:1/list"],
        ["wget", "--header", "http://localhost:1"],
        ["wget", "--version"],
        ["wget", "-U", "http://localhost", "http://web/"],
        "wget -qO- http://usesend:3000 || exit 1",
    ],
)
def test_nothing_to_do(words: Words, outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize("wget", [Wget.UNKNOWN, Wget.BUSYBOX])
def test_checking_is_refused_unless_it_is_gnu(wget: Wget, outcome: Outcomes) -> None:
    done = outcome(["wget", "-q", "http://localhost:1/"], Trust.CA, wget=wget)
    assert isinstance(done, Refused)
    assert "--cacert" in done.suggestion


def test_gnu_can_check(change: Change, outcome: Outcomes) -> None:
    ca = "--ca-certificate=/app/certs/ca-cert.pem"
    client = ["--certificate=/app/certs/api-cert.pem", "--private-key=/app/certs/api-key.pem"]
    asked = ["wget", "-q", "http://localhost:1/"]
    assert change(asked, Trust.CA, wget=Wget.GNU) == ["wget", "-q", ca, "https://localhost:1/"]
    assert change(asked, Trust.MUTUAL, wget=Wget.GNU) == ["wget", "-q", ca, *client, "https://localhost:1/"]
    own = ["wget", "--ca-certificate=/x", "http://localhost:1/"]
    assert change(own, Trust.CA, wget=Wget.GNU) == ["wget", "--ca-certificate=/x", "https://localhost:1/"]
    assert change(["wget", N, "http://localhost:1/"], Trust.CA) == ["wget", N, "https://localhost:1/"]
    assert isinstance(outcome(["wget", "$URL"]), Refused)
