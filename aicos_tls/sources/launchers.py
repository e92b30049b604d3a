"""Programs that start the real one: shells, init programs, package managers, entry scripts. One step at a time."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks.shellwords import Command, UnreadableShellError, commands
from aicos_tls.healthchecks.wrappers import inner, program
from aicos_tls.sources import jsonwords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile

    Words = tuple[str, ...]
    Files = Mapping[PurePosixPath, TextFile]


class Step(Struct, frozen=True):
    """What a launcher starts: `where` when that stands somewhere else than the launcher."""

    words: Words
    via: str
    where: Where | None = None
    environment: tuple[tuple[str, str], ...] = ()


SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_MODULES = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "flask", "waitress", "celery", "fastapi", "django"}
)
"""Python modules that `python -m` starts as the program of the same name."""
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_ENTRY_SCRIPTS = ("docker-entrypoint.sh", "docker-php-entrypoint")
"""Entry scripts of official images: they end in `exec "$@"`."""
_SEPARATORS = frozenset({"set", "export", "cd", "trap", "wait", ":", "true"})
"""Commands of a shell that are no service."""


def step(words: Words, files: Files) -> Step | None:
    """What `words` start in turn; None when they are the program itself."""
    for reader in (_assignments, _wrapper, _shell, _module, _manager, _script):
        if (found := reader(words, files)) is not None:
            return found
    return None


def _assignments(words: Words, _: Files) -> Step | None:
    """`A=b program`, `env A=b program`, `cross-env A=b program`."""
    start = 1 if program(words[0]) in ("env", "cross-env") else 0
    at = start
    while at < len(words) and _ASSIGNMENT.fullmatch(words[at]):
        at += 1
    if at == 0 or at >= len(words) or words[at].startswith("-"):
        return None
    found = (_ASSIGNMENT.fullmatch(word) for word in words[start:at])
    return Step(words[at:], " ".join(words[:at]), environment=tuple((m[1], m[2]) for m in found if m))


def _wrapper(words: Words, _: Files) -> Step | None:
    at = inner(words)
    return Step(words[at:], " ".join(words[:at])) if 0 < at < len(words) else None


def _shell(words: Words, files: Files) -> Step | None:
    if program(words[0]) not in SHELLS:
        return None
    at = 1
    while at < len(words) and words[at].startswith("-"):
        if "c" in words[at] and not words[at].startswith("--"):
            return _text(words[at + 1], words[at + 3 :], f"{program(words[0])} -c") if at + 1 < len(words) else None
        at += 2 if words[at] in ("-o", "-O") else 1
    return _script(words[at:], files) if at < len(words) else None


def _text(text: str, args: Words, via: str, where: Callable[[int], Where] | None = None) -> Step | None:
    """Return the last command of a shell text: what runs when all before it is done."""
    try:
        found = [command for command in commands(text) if _is_program(command)]
    except UnreadableShellError:
        return None
    if not found:
        return None
    last = found[-1]
    expanded = tuple(word for value in last.values for word in (args if value in ("$@", "$*") else (value,)))
    if expanded in ((), ("exec",)):
        return None  # `exec "$@"`, and nothing was given
    pairs = (_ASSIGNMENT.fullmatch(word.value) for word in last.assignments)
    environment = tuple((match[1], match[2]) for match in pairs if match)
    return Step(expanded, via, where(last.words[0].start) if where else None, environment)


def _is_program(command: Command) -> bool:
    return bool(command.words) and command.words[0].value not in _SEPARATORS


def _module(words: Words, _: Files) -> Step | None:
    if not re.fullmatch(r"python(?:\d(?:\.\d+)?)?", program(words[0])):
        return None
    at = 1
    while at < len(words) and re.fullmatch(r"-[BuOEIsS]+", words[at]):
        at += 1
    if words[at : at + 1] == ("-m",) and words[at + 1 : at + 2] and words[at + 1] in _MODULES:
        return Step(words[at + 1 :], " ".join(words[: at + 1]))
    return None


def _manager(words: Words, files: Files) -> Step | None:
    """`npm start`, `npm run x -- y`, `yarn x`, `pnpm --prefix dir run x`, `npx x`: the script in package.json."""
    name = program(words[0])
    if name == "npx" and len(words) > 1 and not words[1].startswith("-"):
        return Step(words[1:], "npx")
    if name not in ("npm", "yarn", "pnpm", "bun"):
        return None
    folder, rest = _folder(words[1:])
    verb = rest[0] if rest else ""
    if verb == "exec" and len(rest) > 1:
        return Step(tuple(word for word in rest[1:] if word != "--"), f"{name} exec")
    if verb in ("run", "run-script") and len(rest) > 1:
        script, rest = rest[1], rest[2:]
    elif verb == "start" or (name in ("yarn", "pnpm") and verb):
        script, rest = verb, rest[1:]
    else:
        return None
    return _package_script(files, folder, script, tuple(word for word in rest if word != "--"), name)


def _folder(words: Words) -> tuple[str | None, Words]:
    """The directory that an option names, and the words without options."""
    folder: str | None = None
    rest: list[str] = []
    at = 0
    while at < len(words):
        if words[at] in ("--prefix", "-C", "--dir", "--cwd") and not rest:
            folder, at = words[at + 1] if at + 1 < len(words) else None, at + 2
        elif words[at].startswith("-") and words[at] != "--" and not rest[1:] and "--" not in rest:
            at += 1
        else:
            rest.append(words[at])
            at += 1
    return folder, tuple(rest)


def _package_script(files: Files, folder: str | None, script: str, args: Words, name: str) -> Step | None:
    file = _package(files, folder)
    if file is None:
        return None
    try:
        scripts = jsonwords.value_of(file.text).get("scripts", {})
        text = scripts.get(script)
    except (ValueError, AttributeError):
        return None
    via = f"{name}: script {script!r}"
    if text is None and script == "start":  # npm documentation, "npm start"
        return Step(("node", "server.js", *args), f"{via} is not there", file.where(0))
    if not isinstance(text, str):
        return None
    found = _text(text, (), via)
    where = file.where(max(file.text.find(json.dumps(script)), 0))
    if found is None:
        return None
    return Step((*found.words, *args), via, where, found.environment)


def _package(files: Files, folder: str | None) -> TextFile | None:
    """The package.json in `folder`, or the one that lies least deep."""
    found = sorted((path for path in files if path.name == "package.json"), key=lambda path: (len(path.parts), path))
    if folder:
        name = PurePosixPath(folder).name
        found = [path for path in found if path.parent.name == name]
    return files[found[0]] if found else None


def _script(words: Words, files: Files) -> Step | None:
    """See through an entry script: `./start.sh`, `/entrypoint.sh uvicorn …`."""
    name = program(words[0])
    candidates = [path for path in files if path.name == name and files[path].text.startswith("#!")]
    if not candidates and name.endswith(".sh"):
        candidates = [path for path in files if path.name == name]
    if len(candidates) != 1:
        return Step(words[1:], name) if name in _ENTRY_SCRIPTS and len(words) > 1 else None
    file = files[candidates[0]]
    if not _is_shell_script(file.text):
        return None
    return _text(file.text, words[1:], name, file.where)


def _is_shell_script(text: str) -> bool:
    first = text.partition("\n")[0]
    return not first.startswith("#!") or program(first.split()[-1]) in SHELLS or "sh" in program(first.split()[0])
