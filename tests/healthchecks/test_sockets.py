from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Ask, NotHttp, Refused

if TYPE_CHECKING:
    from healthchecks.conftest import Asks, Outcomes, Words


@pytest.mark.parametrize(
    "words",
    [
        "bash -c ':> /dev/tcp/127.0.0.1/80' || exit 1",
        "bash -c '</dev/tcp/localhost/3306'",
        "timeout 10s bash -c ':> /dev/tcp/127.0.0.1/8000' || exit 1",
        'bash -c "exec 6<> /dev/tcp/localhost/13133"',
        ["bash", "-c", "echo > /dev/tcp/localhost/${PORT}"],
        ["/bin/bash", "-c", "cat < /dev/null > /dev/tcp/localhost/8000"],
        ["bash", "-c", ">/dev/tcp/localhost/8000"],
        "nc -z localhost 9000 || exit 1",
        "nc -z localhost ${PORT}",
        ["nc", "-zv", "127.0.0.1", "4512"],
        ["ncat", "-z", "localhost", "1"],
        "echo | nc -w 5 localhost:80",
        "echo ruok | nc localhost 2181 | grep imok",
        'bash -c "echo version | (exec 3<>/dev/tcp/localhost/11211; cat >&3; timeout 0.5 cat <&3; exec 3<&-)"',
        "exec 3<>/dev/tcp/db/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3",
    ],
)
def test_a_connection_alone_works_over_tls_too(words: Words, outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    ("words", "ask"),
    [
        (
            "exec 3<>/dev/tcp/127.0.0.1/9000; echo -e 'GET /health/ready HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3",
            Ask(9000, "/health/ready", "127.0.0.1"),
        ),
        (
            "exec 3<>/dev/tcp/127.0.0.1/9000; echo -e 'GET /h HTTP/1.1\r\nHost: x\r\n\r\n' >&3;cat <&3 | grep -q UP",
            Ask(9000, "/h", "127.0.0.1"),
        ),
        (
            "bash -c 'exec 3<>/dev/tcp/127.0.0.1/3567 && echo -e \"GET /hello HTTP/1.1\\r\\n\\r\\n\" >&3 && cat <&3'",
            Ask(3567, "/hello", "127.0.0.1"),
        ),
        (
            ["bash", "-c", "exec 3<>/dev/tcp/localhost/$PORT && printf 'HEAD / HTTP/1.0\\n\\n' >&3"],
            Ask(None, "/", "localhost"),
        ),
        ("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc localhost 8080 | grep 200", Ask(8080, "/", "localhost")),
        ("echo 'GET /ping' | nc -w1 api 80", Ask(80, "/ping", "api")),
        ("exec 3<>/dev/tcp/localhost/80; cat >&3 <<E\nGET / HTTP/1.0\n\nE", None),
    ],
)
def test_http_by_hand_is_refused(words: Words, ask: Ask | None, outcome: Outcomes, asks: Asks) -> None:
    done = outcome(words)
    assert isinstance(done, Refused)
    assert done.suggestion
    assert asks(words) == ((ask,) if ask else ())


def test_the_line_to_paste(outcome: Outcomes) -> None:
    done = outcome(["bash", "-c", "exec 3<>/dev/tcp/localhost/8108 && printf 'GET /health HTTP/1.1\\r\\n\\r\\n' >&3"])
    assert isinstance(done, Refused)
    assert done.suggestion == 'test: ["CMD", "curl", "-f", "--insecure", "https://localhost:8108/health"]'
