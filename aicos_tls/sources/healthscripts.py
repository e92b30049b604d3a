r"""Healthchecks that run a script: which file of the project that is, what it asks its own service, and its change.

    HEALTHCHECK CMD node healthcheck.js        test: ["CMD", "sh", "/app/health.sh"]

The path in the container leads to the source by way of the Dockerfile's COPY, or of a bind mount. Scripts in languages
that are read here change with the rest of the code; those for a shell change here, command by command.
"""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls import healthchecks as knowledge
from aicos_tls.healthchecks import Endpoint, Form, Rewritten, Test, TextEdit, Trust
from aicos_tls.healthchecks.shell import SHELLS
from aicos_tls.healthchecks.shellwords import UnreadableShellError, commands
from aicos_tls.healthchecks.urls import embedded, is_own
from aicos_tls.healthchecks.wrappers import inner, program
from aicos_tls.plan.checks import endpoint, healthcheck_of
from aicos_tls.sources.dockerfile import image_healthcheck
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.sources.placed import placed
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.sources.project import ServiceSources

_INTERPRETERS = re.compile(r"(?:node|nodejs|bun|deno|ruby|php|perl|(?:python|pypy)\d*(?:\.\d+)*)")
_SCRIPT = re.compile(r"\.(?:sh|bash|js|cjs|mjs|ts|py|rb|php|pl)$")
_SHEBANG = re.compile(r"#!\s*\S*?(?:/|\s)(?:ash|bash|dash|ksh|sh|zsh)\b")
_CODE_OPTIONS = frozenset({"-c", "-e", "-m", "-p", "-r", "--eval", "--print"})
"""Options of interpreters that run something else than a file; `-r` is PHP's, and Node's for a module before it."""


class Script(Struct, frozen=True):
    """A script that a healthcheck runs: its path in the container, and the file of the project, where that is known."""

    path: str
    file: TextFile | None = None


def script_of(service: ServiceSources) -> Script | None:
    """The script that the healthcheck of a service runs; None where it runs none, or the service has none."""
    test = _test(service)
    path = next(_scripts(test), None) if test else None
    if path is None:
        return None
    absolute = posixpath.normpath(posixpath.join(_directory(service), path))
    return Script(absolute, _source(service, absolute))


def asked_in_plain(service: ServiceSources) -> Iterator[tuple[str, Where]]:
    """Yield the own addresses that the script of a healthcheck asks over plain HTTP, with their places."""
    script = script_of(service)
    if script and script.file:
        own = endpoint(service.service)
        for url in embedded(script.file.text):
            if not url.secure and is_own(url, own):
                yield url.text, script.file.where(url.start)


def transform(service: ServiceSources) -> CodeResult | None:
    """The change of the shell script that the healthcheck of a server runs; None where there is nothing to do."""
    script = script_of(service) if service.context.is_server else None
    if script is None or script.file is None or not _is_shell(script.file):
        return None
    context = service.context
    own = frozenset(name for name, server in context.servers.items() if server == context.service)
    changes, manual = [], []
    for start, line in _lines(script.file.text):
        outcome = knowledge.rewrite(Test(Form.SHELL, (line,)), Endpoint(own, context.ports), Trust.INSECURE)
        where = script.file.where(start)
        if isinstance(outcome, Rewritten) and outcome.edits:
            splices = tuple(
                Splice(start + edit.start, start + edit.end, (rank,), edit.text)
                for rank, edit in enumerate(outcome.edits)
                if isinstance(edit, TextEdit)
            )
            changes.append(CodeChange(f"healthcheck script: {outcome.summary}", where, splices))
        elif isinstance(outcome, knowledge.Refused):
            manual.append(Manual(where, f"healthcheck script: {outcome.reason}", outcome.suggestion))
    return CodeResult(script.file, tuple(changes), tuple(manual)) if changes or manual else None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comments, each with its offset; continued lines are one."""
    for match in re.finditer(r"(?:[^\n\\]|\\.|\\\n)+", text, re.DOTALL):
        line = match[0].rstrip("\r")
        if line.strip() and not line.lstrip().startswith("#"):
            yield match.start(), line


def _is_shell(file: TextFile) -> bool:
    return file.path.suffix in (".sh", ".bash") or _SHEBANG.match(file.text) is not None


def _test(service: ServiceSources) -> Test | None:
    """The test that counts: the compose file's, else the image's."""
    written = healthcheck_of(service.service)
    if written or service.service.healthcheck or service.service.healthcheck_disabled:
        return written.test if written else None
    found = image_healthcheck(service.stage) if service.stage else None
    return found.test if found else None


def _scripts(test: Test) -> Iterator[str]:
    """Yield the scripts that the commands of a test run."""
    if test.form is Form.EXEC:
        yield from _script(test.words)
        return
    try:
        found = commands(test.words[0]) if test.words else ()
    except UnreadableShellError:
        return
    for command in found:
        yield from _script(command.values)


def _script(words: Sequence[str]) -> Iterator[str]:
    rest = list(words[inner(words) :])
    if not rest:
        return
    name = program(rest[0])
    if name in SHELLS and "-c" in rest[:-1]:
        yield from _scripts(Test(Form.SHELL, (rest[rest.index("-c") + 1],)))
    elif name in SHELLS or _INTERPRETERS.fullmatch(name):
        operands = [word for word in rest[1:] if not word.startswith("-") and word != "run"]
        if operands and not _CODE_OPTIONS.intersection(rest[1:]):
            yield operands[0]
    elif "/" in rest[0] or _SCRIPT.search(rest[0]):
        yield rest[0]


def _directory(service: ServiceSources) -> str:
    """Where the command of a healthcheck starts: the working directory of the container."""
    if found := service.service.text("working_dir"):
        return found
    directory = "/"
    for row in service.stage.instructions if service.stage else ():
        if row.name == "WORKDIR":
            directory = posixpath.join(directory, row.value.strip("\"'"))
    return directory


def _source(service: ServiceSources, path: str) -> TextFile | None:
    """The file of the project that is at a path of the container: a bind mount hides what the image has there."""
    for mount in sorted(service.service.mounts, key=lambda mount: -len(mount.target)):
        if path == mount.target or path.startswith(f"{mount.target.rstrip('/')}/"):
            source = service.service.expand(mount.source) or ""
            place = mount.layer.source.base / source / posixpath.relpath(path, mount.target)
            return _file(service, os.path.realpath(place)) if source.startswith((".", "/")) else None
    if service.stage is None:
        return None
    name, stage = posixpath.basename(path), service.stage
    named = (file for place, file in service.files.items() if place.name == name and path in placed(stage, place))
    return next(named, None)


def _file(service: ServiceSources, real: str) -> TextFile | None:
    return next((file for file in service.files.values() if os.path.realpath(file.path) == real), None)
