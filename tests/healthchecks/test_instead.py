"""Tests by another program: they have nothing left to change, and they work."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import need

from aicos_tls.healthchecks import Endpoint, Rewritten, Trust, TrustPaths, asks_http, rewrite
from aicos_tls.healthchecks.instead import ASKERS, instead
from aicos_tls.healthchecks.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Endpoint(frozenset({"api"}))
PATHS = TrustPaths("/app/certs/ca-cert.pem", "/app/certs/api-cert.pem", "/app/certs/api-key.pem")
QUESTIONS = st.builds(
    Question,
    st.just("curl"),
    st.integers(1, 65535).map(str) | st.just("${PORT:-80}"),
    st.from_regex(r"/[A-Za-z0-9._~/-]*(\?[a-z]=[a-z0-9]&b=1)?", fullmatch=True),
    st.booleans(),
    st.booleans(),
)


@given(QUESTIONS, st.sampled_from(sorted(ASKERS)), st.sampled_from([Trust.INSECURE, Trust.CA]))
def test_it_asks_over_https_already(question: Question, program: str, trust: Trust) -> None:
    test = instead(question, [program], trust, PATHS)
    if test is None:
        assert program == "wget" or not question.strict
        return
    outcome = rewrite(test, OWN, trust, PATHS)
    assert isinstance(outcome, Rewritten)
    assert outcome.edits == ()
    assert not asks_http(test, OWN)


@given(QUESTIONS, st.sampled_from(sorted(ASKERS)))
def test_in_plain_it_asks_the_same(question: Question, program: str) -> None:
    test = instead(question, [program], secure=False)
    if test is None:
        assert not question.strict
        return
    (asked,) = asks_http(test, OWN)
    assert (asked.port, asked.path) == (int(question.port) if question.port.isdigit() else None, question.path)


def test_the_first_that_can() -> None:
    question = Question("curl", "80", "/")
    first, checking = instead(question, ["node", "wget"]), instead(question, ["wget", "python"], Trust.CA, PATHS)
    assert first is not None
    assert first.words[0] == "node"
    assert checking is not None
    assert checking.words[0] == "python"
    assert instead(question, []) is None
    assert instead(question, ["node"], Trust.MUTUAL, PATHS) is None


@pytest.fixture
def port() -> Iterator[int]:
    """A plain HTTP server on the loopback: `/` is well, everything else is not found."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep still."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("program", ["node", "python"])
@pytest.mark.parametrize(("path", "code"), [("/", 0), ("/gone", 1)])
def test_it_works_in_plain(program: str, path: str, code: int, port: int) -> None:
    test = instead(Question("curl", str(port), path), [program], secure=False)
    assert test is not None
    command = [sys.executable if program == "python" else need(program), *test.words[1:]]
    assert subprocess.run(command, check=False, timeout=20, capture_output=True).returncode == code
    assert json.dumps(test.words)
