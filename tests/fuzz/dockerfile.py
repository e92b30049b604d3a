"""The Dockerfile reader: every character has its place in the file, and a healthcheck that was changed stays so.

An input is choices, a NUL, and a Dockerfile.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fuzz.choices import divided
from fuzz.seeds import fixtures

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.healthchecks import Trust, TrustPaths
from aicos_tls.sources import copied, dockerhealth
from aicos_tls.sources.accounts import accounts
from aicos_tls.sources.dockerfile import Stage, expand, image_healthcheck, parse, stages
from aicos_tls.sources.dockerlines import read
from aicos_tls.sources.launchers import step
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.shipping import ship
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = CodeContext("web", "web", "/app/certs", frozenset({8001}), {"api": "api", "web": "web"}, is_server=True)
PATHS = TrustPaths("/app/certs/ca-cert.pem", "/app/certs/web-cert.pem", "/app/certs/web-key.pem")
TOKENS = (
    "FROM ", "FROM a AS b\n", " AS ", "ARG ", "ENV ", "RUN ", "COPY ", "ADD ", "CMD ", "ENTRYPOINT ", "HEALTHCHECK ",
    "HEALTHCHECK CMD ", "HEALTHCHECK NONE", "ONBUILD ", "USER ", "WORKDIR ", "SHELL ", "EXPOSE ", "LABEL ", "# escape=`",
    "# syntax=x", "--interval=5s ", "--from=a ", "--chown=a:b ", "--exclude=x ", "--start-period=", "<<EOF", "<<-'EOF'",
    "\nEOF\n", "\\\n", "`\n", "\r\n", "\t", "# c\n", '["', '", "', '"]', "\\u0041", "\\\\", '\\"', "$A", "${A:-b}", "${A:+b}",
    "A=b ", 'A="b c"', "'", '"', "`", "$$", "curl -f http://localhost:8001/", "wget -q --spider http://127.0.0.1:8001",
    '["CMD", "curl", "http://localhost:8001"]', "python -c \"import urllib.request as r; r.urlopen('http://localhost:8001')\"",
    "node -e \"require('http').get('http://localhost:8001')\"", "|| exit 1", "&& ", "; ", "useradd -u 1000 app", "adduser -D app",
    "groupadd -g 5 g", "sudo ", "app:x:1000:1000:", "/etc/passwd", "nginx", "npm start", "main.py", "tls.py", "./", "* ",
)  # fmt: skip


def seeds() -> Iterator[bytes]:
    """Yield the Dockerfiles of the fixtures."""
    return fixtures(r"Dockerfile.*|.*\.[Dd]ockerfile")


def check(data: bytes) -> None:
    """Read a Dockerfile in every way in which one is read."""
    choices, raw = divided(data)
    file = TextFile(Path("Dockerfile"), raw)
    try:
        text = file.text
    except TlsError:
        return
    _places(text)
    try:
        for stage in (*stages(file, {"A": "x", "B": "${A}"}), parse(file)):
            _asked(stage)
        parse(file, "b")
        ship(file, PurePosixPath("tls.py"), [PurePosixPath("main.py"), PurePosixPath("a/b.py")])
    except TlsError as error:
        assert error.message
    trust = choices.pick(tuple(Trust))
    once = dockerhealth.transform(file, CONTEXT, trust=trust, paths=PATHS)
    after = splice(text, [part for change in once.changes for part in change.splices])
    assert (after != text) is bool(once.changes)
    if after != text:
        again = dockerhealth.transform(TextFile(file.path, after.encode()), CONTEXT, trust=trust, paths=PATHS)
        assert not again.changes
        assert not again.manual


def _places(text: str) -> None:
    line = 0
    for row in read(text):
        assert row.name == row.name.upper()
        assert len(row.offsets) == len(row.value)
        assert all(text[at] == char for at, char in zip(row.offsets, row.value, strict=True))
        assert list(row.offsets) == sorted(row.offsets)
        assert row.line > line
        line = row.line
        list(copied.sources(row))
        copied.excluded(row)
        copied.places(row)
        copied.origin(row)


def _asked(stage: Stage) -> None:
    values = stage.variables
    for row in stage.instructions:
        expand(row.value, values)
    accounts(stage)
    copied.destination(stage, PurePosixPath("a/b.py"))
    found = image_healthcheck(stage)
    assert found is None or found.instruction.value[found.start :]
    for instruction in (stage.entrypoint, stage.command):
        if instruction:
            words = tuple(instruction.value.split())
            while words and (following := step(words, {})):
                words = following.words
