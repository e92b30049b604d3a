from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Endpoint, NotHttp, Refused, Trust

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes

C = "false, stream_context_create(['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]])"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("file_get_contents('http://localhost:80/h');", f"file_get_contents('https://localhost:80/h', {C});"),
        (
            "exit(@file_get_contents('http://localhost')?0:1);",
            f"exit(@file_get_contents('https://localhost:80', {C})?0:1);",
        ),
        ("get_headers('http://api:1/');", f"get_headers('https://api:1/', {C});"),
        ('file_get_contents("http://api:1");', f'file_get_contents("https://api:1", {C});'.replace("'", '"')),
    ],
)
def test_code(before: str, after: str, change: Change) -> None:
    assert change(["php", "-r", before]) == ["php", "-r", after]
    assert change(["/usr/bin/php8.2", "-r", before]) == ["/usr/bin/php8.2", "-r", after]


def test_inside_shell_quotes(change: Change) -> None:
    before = "php -r \"file_get_contents('http://localhost:1/');\" || exit 1"
    assert change(before) == f"php -r \"file_get_contents('https://localhost:1/', {C});\" || exit 1"


def test_checking(change: Change) -> None:
    before = ["php", "-r", "file_get_contents('http://api:1/');"]
    ca = "'cafile' => '/app/certs/ca-cert.pem'"
    pair = "'local_cert' => '/app/certs/api-cert.pem', 'local_pk' => '/app/certs/api-key.pem'"
    start = "file_get_contents('https://api:1/', false, stream_context_create(['ssl' => ["
    assert change(before, Trust.CA) == ["php", "-r", f"{start}{ca}]]));"]
    assert change(before, Trust.MUTUAL) == ["php", "-r", f"{start}{ca}, {pair}]]));"]


@pytest.mark.parametrize(
    "words",
    [
        ["php", "artisan", "about"],
        ["php", "-r", "fsockopen('localhost', 80) or die('fail');"],
        ["php", "-r", "file_get_contents('http://db:1/');"],
        ["php", "-r", "file_get_contents('/tmp/x');"],
        ["php", "-r"],
    ],
)
def test_nothing_to_do(words: list[str], outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    "code",
    [
        "$$c = curl_init('http://localhost:1/'); curl_exec($$c);",
        "file_get_contents('http://localhost:1/', false, $$context);",
        "file_get_contents('http://localhost:' . getenv('PORT'));",
        "$$f = fsockopen('localhost', 80); fwrite($$f, 'GET / HTTP/1.0');",
    ],
)
def test_refused(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["php", "-r", code]), Refused)


def test_a_port_that_stays_plain_is_left_alone(outcome: Outcomes) -> None:
    known = Endpoint(frozenset(), frozenset({8000}))
    assert isinstance(outcome(["php", "-r", "file_get_contents('http://api:9/');"], endpoint=known), NotHttp)
