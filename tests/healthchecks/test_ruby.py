from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aicos_tls.healthchecks import Endpoint, NotHttp, Refused, Trust

if TYPE_CHECKING:
    from healthchecks.conftest import Change, Outcomes

V = "use_ssl: true, verify_mode: OpenSSL::SSL::VERIFY_NONE"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "exit(Net::HTTP.get_response(URI('http://localhost:3000')).is_a?(Net::HTTPSuccess) ? 0 : 1)",
            f"exit(Net::HTTP.start('localhost', 3000, {V}) {{ |http| http.get('/') }}.is_a?(Net::HTTPSuccess) ? 0 : 1)",
        ),
        (
            "Net::HTTP.get(URI('http://localhost:3000/up'))",
            f"Net::HTTP.start('localhost', 3000, {V}) {{ |http| http.get('/up').body }}",
        ),
        (
            "Net::HTTP.get(URI.parse('http://api/up?x=1'))",
            f"Net::HTTP.start('api', 80, {V}) {{ |http| http.get('/up?x=1').body }}",
        ),
        (
            "Net::HTTP.get_response(URI('http://[::1]:3000'))",
            f"Net::HTTP.start('::1', 3000, {V}) {{ |http| http.get('/') }}",
        ),
        ("URI.open('http://localhost:3000/up').read", "URI.open('https://localhost:3000/up', ssl_verify_mode: 0).read"),
        ("URI.open('http://localhost:${P}/up')", "URI.open('https://localhost:${P}/up', ssl_verify_mode: 0)"),
        ("open('http://localhost')", "open('https://localhost:80', ssl_verify_mode: 0)"),
    ],
)
def test_code(before: str, after: str, change: Change) -> None:
    assert change(["ruby", "-rnet/http", "-ropen-uri", "-e", before]) == [
        "ruby",
        "-rnet/http",
        "-ropen-uri",
        "-e",
        after,
    ]


def test_inside_shell_quotes(change: Change) -> None:
    before = "ruby -rnet/http -e \"Net::HTTP.get(URI('http://localhost:1/'))\" || exit 1"
    after = f"ruby -rnet/http -e \"Net::HTTP.start('localhost', 1, {V}) {{ |http| http.get('/').body }}\" || exit 1"
    assert change(before) == after


def test_checking(change: Change, outcome: Outcomes) -> None:
    get = ["ruby", "-e", "Net::HTTP.get(URI('http://0.0.0.0:1/'))"]
    how = "use_ssl: true, ca_file: '/app/certs/ca-cert.pem'"
    started = f"Net::HTTP.start('127.0.0.1', 1, {how}) {{ |http| http.get('/').body }}"
    assert change(get, Trust.CA) == ["ruby", "-e", started]
    opened = ["ruby", "-e", "URI.open('https://api:1', ssl_ca_cert: '/app/certs/ca-cert.pem')"]
    assert change(["ruby", "-e", "URI.open('http://api:1')"], Trust.CA) == opened
    assert isinstance(outcome(get, Trust.MUTUAL), Refused)


@pytest.mark.parametrize(
    "words",
    [
        ["ruby", "health.rb"],
        ["ruby", "-e", "require 'socket'; TCPSocket.new('localhost', ${PORT}).close"],
        ["ruby", "-e", "Net::HTTP.get(URI('http://db:1/'))"],
        ["ruby", "-e", "open('/tmp/ok')"],
        ["ruby", "-e", "puts 1"],
        ["ruby", "-e", "Net::HTTP.start('db', 1, use_ssl: true).head('/'); URI.open('http://db/')"],
        ["ruby3.2", "-e", "exit 0"],
    ],
)
def test_nothing_to_do(words: list[str], outcome: Outcomes) -> None:
    assert isinstance(outcome(words), NotHttp)


@pytest.mark.parametrize(
    "code",
    [
        "Net::HTTP.start('localhost', 3000) { |h| h.get('/') }",
        "Net::HTTP.new('localhost', 3000).get('/')",
        "Faraday.get('http://localhost:3000/')",
        "`curl http://localhost:3000/`",
        "Net::HTTP.get(URI('http://localhost:${PORT}/'))",
        "TCPSocket.new('localhost',1).write(%q(GET / HTTP/1.0))",
    ],
)
def test_refused(code: str, outcome: Outcomes) -> None:
    assert isinstance(outcome(["ruby", "-e", code]), Refused)


def test_a_port_that_stays_plain_is_left_alone(outcome: Outcomes) -> None:
    known = Endpoint(frozenset(), frozenset({8000}))
    assert isinstance(outcome(["ruby", "-e", "Net::HTTP.get(URI('http://localhost:9/'))"], endpoint=known), NotHttp)
