"""Healthchecks: the words of a shell text have their places in it, and a rewritten test comes to rest.

An input is a byte of choices and shell text, or, with NULs in it, a byte of choices and the words of an exec form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fuzz.choices import Choices
from fuzz.seeds import fixtures

from aicos_tls.healthchecks import (
    Endpoint,
    Form,
    InsertWord,
    NotHttp,
    Refused,
    Rewritten,
    Test,
    Trust,
    TrustPaths,
    Wget,
    apply,
    asks_http,
    other_hosts,
    rewrite,
)
from aicos_tls.healthchecks.quoting import Quote
from aicos_tls.healthchecks.shellwords import Command, UnreadableShellError, commands

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Endpoint(frozenset({"api"}))
KNOWN = Endpoint(frozenset({"api"}), frozenset({8001}))
PATHS = TrustPaths("/app/certs/ca-cert.pem", "/app/certs/api-cert.pem", "/app/certs/api-key.pem")
TOKENS = (
    "curl ", "wget ", "-f ", "-fsS ", "-o /dev/null ", "-k ", "--cacert x ", "-q ", "--spider ", "-O- ", "-T 5 ", "http://",
    "https://", "HTTP://", "localhost", "127.0.0.1", "0.0.0.0", "[::1]", ":8001", ":80", ":$$PORT", ":${PORT:-8001}", "/health",  # noqa: S104 - read, never bound
    "$$HOSTNAME", "$$(hostname)", "api", "other", " || ", " && ", "; ", " | ", "grep ok", "exit 1", "sh\0-c\0", "$$(", ")", "`",
    "$${", "}", "$$'", "'", '"', "\\", "\\\n", "\n", "#", " > /dev/null 2>&1", "<<EOF", "<(", "if ", "then ", "fi", "! ", "{ ",
    "(", "A=1 ", "timeout 5 ", "exec ", "xargs ", "eval ", "node\0-e\0", "require('http').get(", "fetch(", ".then(r=>", "python3\0-c\0",
    "import urllib.request", "urllib.request.urlopen(", "http.client.HTTPConnection(", "requests.get(", "php\0-r\0", "file_get_contents(",
    "ruby\0-e\0", "Net::HTTP.get(URI(", "nc -z localhost 8001", "/dev/tcp/localhost/8001", "busybox wget ", "{host:'localhost',port:8001}",
    "socket.connect((", "process.exit(", "perl\0-e\0", "httpx.get(", "bash -c ", "\t", "é", "💚", "$$", "${",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield the tests of the fixtures' compose files and Dockerfiles, and one of each program."""
    found = set()
    for text in fixtures(r".*\.ya?ml|Dockerfile"):
        for match in re.finditer(rb"""(?:test:|HEALTHCHECK.* CMD)\s*(.+)""", text):
            found.add(match[1].strip())
    for words in sorted(found):
        listed = words.strip(b"[]").split(b",")
        yield b"\0" + (b"\0".join(word.strip(b" \"'") for word in listed[1:]) if words.startswith(b"[") else words)
    yield b"\1" + b"curl -f http://localhost:8001/health || exit 1"
    yield b"\2" + b"python3\0-c\0import urllib.request; urllib.request.urlopen('http://localhost:8001')"
    yield b"\2" + b"node\0-e\0require('http').get({host:'localhost',port:8001},r=>process.exit(r.statusCode==200?0:1))"
    yield b"\2" + b"php\0-r\0exit(file_get_contents('http://localhost:8001/') ? 0 : 1);"
    yield b"\2" + b"ruby\0-e\0require 'net/http'; Net::HTTP.get(URI('http://localhost:8001/'))"


def check(data: bytes) -> None:
    """Read a test, rewrite it, and rewrite it again."""
    choices = Choices(data[:1])
    number = choices.below(24)
    trust, wget = tuple(Trust)[number % 3], tuple(Wget)[number // 3 % 3]
    endpoint = KNOWN if number >= 9 else OWN
    text = data[1:].decode("utf-8", "replace")
    words = tuple(text.split("\0"))
    test = Test(Form.SHELL, (text,)) if len(words) == 1 else Test(Form.EXEC, tuple(word for word in words if word))
    try:
        for command in commands(test.words[0] if test.words else ""):
            _places(command, test.words[0])
    except UnreadableShellError:
        pass
    asks_http(test, endpoint)
    outcome = rewrite(test, endpoint, trust, PATHS, wget=wget)
    if isinstance(outcome, Rewritten):
        _at_rest(test, outcome, endpoint, trust, wget)
    else:
        assert outcome.reason
        assert isinstance(outcome, NotHttp | Refused)


def _places(command: Command, text: str) -> None:
    for word in (*command.assignments, *command.words, *command.redirects):
        assert 0 <= word.start <= word.end <= len(text)
        assert len(word.origins) == len(word.value)
        end = word.start
        for char, origin in zip(word.value, word.origins, strict=True):
            assert end <= origin.start < origin.end <= word.end
            if origin.end - origin.start == 1 and origin.quote is not Quote.ANSI and char != "_":
                assert text[origin.start] == char
            end = origin.end


def _at_rest(test: Test, outcome: Rewritten, endpoint: Endpoint, trust: Trust, wget: Wget) -> None:
    after = apply(test, outcome.edits)
    again = rewrite(after, endpoint, trust, PATHS, wget=wget)
    assert isinstance(again, Rewritten)
    assert again.edits == ()
    assert asks_http(after, endpoint) == ()
    assert other_hosts(after, endpoint) == other_hosts(test, endpoint)
    assert (after != test) is bool(outcome.edits)
    assert all(edit.text for edit in outcome.edits if isinstance(edit, InsertWord))
