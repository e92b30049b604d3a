"""What shell scripts ask."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls import budgets
from aicos_tls.connections.model import Destination, Surroundings
from aicos_tls.connections.readers import load
from aicos_tls.files import TextFile

HOSTS = {"api": "api", "web": "web"}


def found(text: str | bytes, name: str = "poll.sh", **environment: str) -> list[Destination]:
    raw = text.encode() if isinstance(text, str) else text
    reader, path = load("shell"), PurePosixPath(name)
    files = {path: TextFile(Path(name), raw)} if reader.concerns(path) else {}
    return list(reader.destinations(files, Surroundings(HOSTS, environment)))


def addresses(text: str | bytes, name: str = "poll.sh", **environment: str) -> list[tuple[str, int | None, bool]]:
    return [(each.host, each.port, each.tls) for each in found(text, name, **environment)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl -fsS http://api:8000/jobs", [("api", 8000, False)]),
        ('API="http://api:8000"\ncurl "$API/jobs"', [("api", 8000, False)]),
        ("API=http://api:8000 # old\nAPI=http://web:1\ncurl ${API}/x", [("web", 1, False)]),
        ("HOST=api\nPORT=80\nwget -qO- http://$HOST:${PORT}/", [("api", 80, False)]),
        ("while ! curl -s ${API_URL:-http://api:8000}; do sleep 1; done", [("api", 8000, False)]),
        ("if [ -n \"$(curl -s 'https://api:8443/x')\" ]; then :; fi", [("api", 8443, True)]),
        ("export API_URL=http://api:8000\nexec node server.js", [("api", 8000, False)]),
        ("API_URL=http://api:8000 exec node server.js", [("api", 8000, False)]),
        ("exec ./client --server http://api:8000", [("api", 8000, False)]),
        ("curl http://api:8000/ \\\n  http://web/", [("api", 8000, False), ("web", 80, False)]),
        # what is not asked
        ("# curl http://api:8000", []),
        ("API=http://api:8000", []),
        ("echo 'see http://api:8000' && printf http://web", []),
        ("curl http://$UNKNOWN:8000", []),
        # a here-document is passed over with its line alone
        ("cat <<END\nhi\nEND\ncurl http://api:8000", [("api", 8000, False)]),
        ("curl 'http://api:8000", []),
        ("sh -c", []),
    ],
)
def test_what_commands_are_given(text: str, expected: list[tuple[str, int, bool]]) -> None:
    assert addresses(text) == expected


def test_the_container_is_given_a_variable() -> None:
    text = 'curl "${API_URL:-http://api:8000}"'
    assert addresses(text, API_URL="https://web:9000") == [("web", 9000, True)]


def test_which_files_are_scripts() -> None:
    line = "curl http://api:8000\n"
    assert addresses("#!/bin/sh\n" + line, "entrypoint") == addresses(line, "a.bash") == [("api", 8000, False)]
    assert addresses(line, "README") == addresses("#!/usr/bin/env python\n" + line, "run") == []
    assert addresses(line, "tests/poll.sh") == addresses(line, "poll.py") == []
    assert addresses(b"curl http://api:8000 \xff") == addresses(line + " " * budgets.VALUE) == []


def test_where_it_stands_and_what_would_help() -> None:
    curl, wget, other = found("curl http://api:1\n/usr/bin/wget http://api:2\nxh http://api:3")
    assert str(curl.evidence.where) == "poll.sh:1:6"
    assert curl.remedy == "https://api:1\nand --cacert {ca}"
    assert "--ca-certificate={ca}" in wget.remedy
    assert other.remedy == "https://api:3\nand trust {ca}"
    assert [each.remedy for each in found("curl https://api:1")] == [""]
    assert [each.remedy for each in found("psql postgres://api/db")] == [""]
