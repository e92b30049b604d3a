"""What a simple test asks; a test that is not simple is never taken for one."""

from __future__ import annotations

import pytest

from aicos_tls.healthchecks import Endpoint, Form, Test
from aicos_tls.healthchecks.question import Question, question

OWN = Endpoint(frozenset({"api"}))


def asked(*words: str) -> Question | None:
    form = {"CMD": Form.EXEC, "CMD-SHELL": Form.SHELL}[words[0]]
    return question(Test(form, words[1:]), OWN)


@pytest.mark.parametrize(
    ("words", "port", "path"),
    [
        (("CMD", "curl", "-f", "http://localhost:3001/api/health"), "3001", "/api/health"),
        (("CMD", "/usr/bin/curl", "-fo", "/dev/null", "http://127.0.0.1:8/"), "8", "/"),
        (("CMD", "curl", "-f", "http://localhost"), "80", "/"),
        (("CMD", "curl", "-f", "localhost:81/x"), "81", "/x"),
        (("CMD", "curl", "-f", "http://api:82/x?a=1&b=2#top"), "82", "/x?a=1&b=2"),
        (("CMD", "curl", "-f", "http://0.0.0.0:82?x"), "82", "/?x"),
        (("CMD", "curl", "-f", "https://localhost:83/"), "83", "/"),
        (("CMD", "curl", "-f", "http://localhost:${PORT:-80}/"), "${PORT:-80}", "/"),
        (("CMD", "curl", "-f", "http://localhost:$PORT/x"), "$PORT", "/x"),
        (("CMD", "curl", "-f", "http://localhost:80/", "||", "exit", "1"), "80", "/"),
        (("CMD", "curl", "-f", "http://localhost:80/", "||", "false"), "80", "/"),
        (("CMD", "timeout", "5", "curl", "-sSf", "--max-time", "3", "http://localhost:80/"), "80", "/"),
        (("CMD", "wget", "-qO-", "http://localhost:80/"), "80", "/"),
        (("CMD", "wget", "--spider", "--tries=1", "-T", "3", "http://localhost:80/"), "80", "/"),
        (("CMD", "sh", "-c", "wget -nv -t1 --spider http://localhost:80/ || exit 1"), "80", "/"),
        (("CMD-SHELL", "curl -f http://localhost:80/ || exit 1"), "80", "/"),
        (("CMD-SHELL", "curl -sf http://localhost:80/ > /dev/null 2>&1 || exit 1"), "80", "/"),
        (("CMD-SHELL", "curl -sf http://localhost:80/ &>/dev/null"), "80", "/"),
        (("CMD-SHELL", "exec curl -f 'http://localhost:80/x?a=1&b=2'"), "80", "/x?a=1&b=2"),
    ],
)
def test_one_request(words: tuple[str, ...], port: str, path: str) -> None:
    found = asked(*words)
    assert found is not None
    assert (found.port, found.path, found.strict, found.ipv6) == (port, path, True, False)
    assert found.address(secure=False) == f"http://127.0.0.1:{port}{path}"


@pytest.mark.parametrize(
    "words",
    [
        ("CMD", "node", "check.js"),
        ("CMD", "timeout", "5"),
        ("CMD", "curl"),
        ("CMD", "curl", "-f", "http://localhost:80/", "http://localhost:81/"),
        ("CMD", "curl", "-f", "-H", "A: b", "http://localhost:80/"),
        ("CMD", "curl", "-X", "POST", "http://localhost:80/"),
        ("CMD", "curl", "-d", "x", "http://localhost:80/"),
        ("CMD", "curl", "-f", "--unix-socket", "/s", "http://localhost:80/"),
        ("CMD", "curl", "-f", "http://user:secret@localhost:80/"),
        ("CMD", "curl", "-f", "http://other:80/"),
        ("CMD", "curl", "-f", "https://localhost/"),
        ("CMD", "curl", "-f", "ftp://localhost/"),
        ("CMD", "curl", "-f", "http://localhost:$$PORT/"),
        ("CMD", "curl", "-f", "http://localhost:80/'"),
        ("CMD", "curl", "-f", "http://localhost:${PORT:?}/"),
        ("CMD", "gosu", "app", "curl", "-f", "http://localhost:80/"),
        ("CMD", "sh", "-c", "curl -f http://localhost:80/ | grep ok"),
        ("CMD", "sh", "check.sh"),
        ("CMD-SHELL", "curl -s http://localhost:80/ | grep ok"),
        ("CMD-SHELL", "curl -f http://localhost:80/ || true"),
        ("CMD-SHELL", "curl -f http://localhost:80/ || kill 1"),
        ("CMD-SHELL", "curl -f http://localhost:80/ && curl -f http://localhost:81/"),
        ("CMD-SHELL", "curl -f http://localhost:80/a?b=1&c=2"),
        ("CMD-SHELL", "curl -f http://localhost:80/$(hostname)"),
        ("CMD-SHELL", "curl -f `cat url`"),
        ("CMD-SHELL", "curl -f 'http://localhost:80/"),
        ("CMD-SHELL", "PORT=80 curl -f http://localhost:80/"),
        ("CMD-SHELL", "curl -f http://localhost:80/ > answer"),
        ("CMD-SHELL", ""),
        ("CMD-SHELL", "curl -f http://localhost:80/", "more"),
    ],
)
def test_more_or_less_than_one_request(words: tuple[str, ...]) -> None:
    assert asked(*words) is None


def test_an_answer_of_any_kind_is_enough_for_curl_without_f() -> None:
    found = asked("CMD", "curl", "http://localhost:80/")
    assert found is not None
    assert not found.strict


def test_an_address_of_version_6_stays_one() -> None:
    found = asked("CMD", "curl", "-f", "http://[::1]:80/x")
    assert found is not None
    assert found.address(secure=True) == "https://[::1]:80/x"
