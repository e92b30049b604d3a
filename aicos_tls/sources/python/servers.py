"""What makes the server program of a start command speak TLS: variables where it reads them, else words, else nothing.

An image that starts with `uvicorn main:app …` never reaches `__main__`, so no call in the code matters for it. The
settings hold whether or not TLS_ENABLED is set: they are to be set together with it. What each program does was tried
on loopback (uvicorn 0.54, gunicorn 27, hypercorn 0.18, granian 2.8, daphne 4.2, Flask 3.1).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aicos_tls.sources.model import CodeContext


class Way(Enum):
    """How a start command comes to serve TLS."""

    ENVIRONMENT = "environment"
    WORDS = "words"
    CODE = "code"
    OWN = "own"
    NONE = "none"


@dataclass(frozen=True)
class CommandSettings:
    """What a start command needs.

    `environment` are variables with their whole values. `add` are words that go right after the program's name, and
    `drop` words that have to go. With `Way.CODE` the code opens the server, with `Way.OWN` the command has certificate
    options already. `source` is where the fact is from.
    """

    server: str
    way: Way
    reason: str
    source: str
    environment: Mapping[str, str] = field(default_factory=dict)
    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Command:
    """The words after the program's name, the two files, and the variables that are set already."""

    words: tuple[str, ...]
    certificate: str
    key: str
    environment: Mapping[str, str]


_SEPARATORS = frozenset({";", "&&", "||", "|", "&", "(", ")"})
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "/bin/sh", "/bin/bash", "/bin/ash"})
_LAUNCHERS = frozenset(
    {"exec", "dumb-init", "tini", "env", "poetry", "uv", "pipenv", "pdm", "hatch", "ddtrace-run", "gosu", "su-exec"}
    | {"opentelemetry-instrument", "newrelic-admin", "nohup", "time", "run", "run-program", "--"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_PYTHON = re.compile(r"python(3(\.\d+)?)?$")


def command_settings(
    words: Sequence[str], context: CodeContext, environment: Mapping[str, str] | None = None
) -> CommandSettings | None:
    """What makes a start command serve TLS; None when it starts no Python server that is known here.

    `words` are those of the command in exec form; a shell form is given as `("sh", "-c", text)`. `environment` holds
    the variables that the service sets already.
    """
    base = f"{context.mount_path.rstrip('/')}/{context.short_name}"
    for command in reversed(list(_commands(words))):
        program, rest = _program(command)
        rule = _RULES.get(program)
        if rule is not None:
            return rule(_Command(rest, f"{base}-cert.pem", f"{base}-key.pem", environment or {}))
    return None


def _commands(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the simple commands of a command, those of a shell text one by one."""
    if len(words) > 2 and words[0] in _SHELLS and words[1].startswith("-") and words[1].endswith("c"):  # noqa: PLR2004
        lexer = shlex.shlex(words[2], posix=True, punctuation_chars=";&|()")
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            tokens = list(lexer)
        except ValueError:
            return
        command: list[str] = []
        for token in [*tokens, ";"]:
            if token in _SEPARATORS:
                if command:
                    yield tuple(command)
                command = []
            else:
                command.append(token)
    elif words:
        yield tuple(words)


def _program(command: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The program that a simple command comes to in the end, and its words: `uvicorn` for `python -m uvicorn`."""
    words = list(command)
    while words and (
        words[0] in _LAUNCHERS or PurePosixPath(words[0]).name in _LAUNCHERS or _ASSIGNMENT.match(words[0])
    ):
        words.pop(0)
    if not words:
        return "", ()
    name = PurePosixPath(words[0]).name
    if not _PYTHON.match(name):
        return _with_verb(name, tuple(words[1:]))
    rest = words[1:]
    while rest and rest[0] in {"-u", "-O", "-OO", "-B", "-I", "-E", "-s"}:
        rest.pop(0)
    if len(rest) > 1 and rest[0] == "-m":
        module = _with_verb(rest[1], tuple(rest[2:]))
        return module if module[0] in _RULES else ("python", tuple(rest))
    if len(rest) > 1 and PurePosixPath(rest[0]).name == "manage.py":
        return f"manage.py {rest[1]}", tuple(rest[2:])
    return "python", tuple(rest)


def _with_verb(name: str, rest: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Tell `flask run` from `flask db upgrade`."""
    if name in {"flask", "fastapi"}:
        verb = next((word for word in rest if word in {"run", "dev"}), "")
        return f"{name} {verb}", rest
    return name, rest


def _has(command: _Command, *options: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in command.words for option in options)


_OWN = "the command has certificate options of its own"


def _uvicorn(command: _Command) -> CommandSettings:
    source = "uvicorn settings, --ssl-keyfile: every option is read from UVICORN_…, since 0.16; tried"
    if _has(command, "--ssl-keyfile", "--ssl-certfile"):
        return CommandSettings("uvicorn", Way.OWN, _OWN, source)
    variables = {"UVICORN_SSL_KEYFILE": command.key, "UVICORN_SSL_CERTFILE": command.certificate}
    return CommandSettings("uvicorn", Way.ENVIRONMENT, "uvicorn reads its options from variables", source, variables)


def _gunicorn(command: _Command) -> CommandSettings:
    source = "gunicorn settings, GUNICORN_CMD_ARGS, also with UvicornWorker; tried"
    before = command.environment.get("GUNICORN_CMD_ARGS", "")
    if _has(command, "--certfile", "--keyfile") or "--certfile" in before:
        return CommandSettings("gunicorn", Way.OWN, _OWN, source)
    options = f"--certfile={command.certificate} --keyfile={command.key}"
    variables = {"GUNICORN_CMD_ARGS": f"{before} {options}".strip()}
    return CommandSettings("gunicorn", Way.ENVIRONMENT, "gunicorn reads options from a variable", source, variables)


def _granian(command: _Command) -> CommandSettings:
    source = "granian options, --ssl-certificate: read from GRANIAN_…; tried"
    if _has(command, "--ssl-certificate", "--ssl-keyfile"):
        return CommandSettings("granian", Way.OWN, _OWN, source)
    variables = {"GRANIAN_SSL_CERTIFICATE": command.certificate, "GRANIAN_SSL_KEYFILE": command.key}
    return CommandSettings("granian", Way.ENVIRONMENT, "granian reads its options from variables", source, variables)


def _flask(command: _Command) -> CommandSettings:
    source = "Flask CLI, `flask run --cert`: read from FLASK_RUN_CERT; tried"
    if _has(command, "--cert", "--key"):
        return CommandSettings("flask run", Way.OWN, _OWN, source)
    variables = {"FLASK_RUN_CERT": command.certificate, "FLASK_RUN_KEY": command.key}
    return CommandSettings(
        "flask run", Way.ENVIRONMENT, "flask run reads its options from variables", source, variables
    )


def _hypercorn(command: _Command) -> CommandSettings:
    source = "hypercorn options, --certfile; no variables; tried"
    if _has(command, "--certfile", "--keyfile"):
        return CommandSettings("hypercorn", Way.OWN, _OWN, source)
    add = ("--certfile", command.certificate, "--keyfile", command.key)
    return CommandSettings("hypercorn", Way.WORDS, "hypercorn reads no variables", source, add=add)


def _daphne(command: _Command) -> CommandSettings:
    source = "daphne README, HTTP/2 and TLS: endpoint ssl:…; tried"
    if _has(command, "-e", "--endpoint"):
        return CommandSettings("daphne", Way.OWN, "the command has endpoints of its own", source)
    values = {"-b": "127.0.0.1", "-p": "8000"}
    drop: list[str] = []
    long = {"--bind": "-b", "--port": "-p"}
    for word, following in zip(command.words, (*command.words[1:], ""), strict=True):
        name, _, value = word.partition("=")
        option = long.get(name, name)
        if option in values:
            values[option] = value or following
            drop += [word] if value else [word, following]
    endpoint = f"ssl:{values['-p']}:interface={values['-b']}:privateKey={command.key}:certKey={command.certificate}"
    reason = "daphne takes certificates only in an endpoint, and -p would open a plain one beside it"
    return CommandSettings("daphne", Way.WORDS, reason, source, add=("-e", endpoint), drop=tuple(drop))


def _none(server: str, reason: str, source: str) -> Callable[[_Command], CommandSettings]:
    return lambda _: CommandSettings(server, Way.NONE, reason, source)


def _python(command: _Command) -> CommandSettings | None:
    if not command.words or command.words[0] == "-c":
        return None
    return CommandSettings("python", Way.CODE, f"{command.words[-1]} opens the server itself", "the command")


_FASTAPI = "`fastapi run` has no certificate options and ignores uvicorn's variables: start with `uvicorn main:app`"
_DJANGO = "Django's development server has no TLS: start with gunicorn or uvicorn, or --serve preload"

_RULES: Mapping[str, Callable[[_Command], CommandSettings | None]] = {
    "uvicorn": _uvicorn,
    "gunicorn": _gunicorn,
    "hypercorn": _hypercorn,
    "granian": _granian,
    "daphne": _daphne,
    "flask run": _flask,
    "fastapi run": _none("fastapi run", _FASTAPI, "fastapi-cli; tried"),
    "fastapi dev": _none("fastapi dev", _FASTAPI, "fastapi-cli; tried"),
    "manage.py runserver": _none("manage.py runserver", _DJANGO, "Django documentation, runserver"),
    "waitress-serve": _none("waitress", "waitress cannot speak TLS: --serve sidecar", "waitress documentation"),
    "uwsgi": _none("uwsgi", "the uWSGI wheel is built without TLS: --serve sidecar", "tried"),
    "python": _python,
}
