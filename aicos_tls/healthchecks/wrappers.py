"""Programs that only start another one: `timeout 5 curl …`, `env A=b wget …`, `busybox wget …`, `uv run python …`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Wrapper(Struct, frozen=True):
    """`options` take a value each; `operands` stand before the program; `verb` must come first (`uv run`)."""

    options: frozenset[str] = frozenset()
    operands: int = 0
    verb: str = ""


WRAPPERS = {
    "busybox": Wrapper(),
    "bundle": Wrapper(verb="exec"),
    "chpst": Wrapper(frozenset({"-u", "-U", "-e", "-n"})),
    "command": Wrapper(),
    "dumb-init": Wrapper(),
    "env": Wrapper(frozenset({"-u", "--unset", "-C", "--chdir"})),
    "exec": Wrapper(frozenset({"-a"})),
    "gosu": Wrapper(operands=1),
    "nice": Wrapper(frozenset({"-n", "--adjustment"})),
    "nohup": Wrapper(),
    "pdm": Wrapper(verb="run"),
    "pipenv": Wrapper(verb="run"),
    "poetry": Wrapper(verb="run"),
    "s6-setuidgid": Wrapper(operands=1),
    "setsid": Wrapper(),
    "stdbuf": Wrapper(frozenset({"-i", "-o", "-e"})),
    "su-exec": Wrapper(operands=1),
    "sudo": Wrapper(frozenset({"-u", "-g", "--user", "--group"})),
    "time": Wrapper(),
    "timeout": Wrapper(frozenset({"-k", "-s", "--kill-after", "--signal"}), operands=1),
    "tini": Wrapper(),
    "uv": Wrapper(verb="run"),
}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


def program(word: str) -> str:
    """The name of the program that `word` starts: its last path component."""
    return word.rsplit("/", 1)[-1]


def inner(words: Sequence[str]) -> int:
    """Index of the item that names the program really meant, past every wrapper; `len(words)` when none is left."""
    at = 0
    while at < len(words) and (wrapper := WRAPPERS.get(program(words[at]))) is not None:
        following = _past(words, at, wrapper)
        if following is None:
            return at
        at = following
    return at


def _past(words: Sequence[str], at: int, wrapper: Wrapper) -> int | None:
    """Index of the program that the wrapper at `at` starts; None when it starts none."""
    index = at + 1
    if wrapper.verb:
        if list(words[index : index + 1]) != [wrapper.verb]:
            return None
        index += 1
    operands = wrapper.operands
    while index < len(words) and words[index].startswith("-"):
        option = words[index]
        index += 1
        if option == "--":
            break
        if option in wrapper.options:
            index += 1
        elif option == "-t" and program(words[at]) == "timeout":
            operands = 0  # BusyBox before 1.30: `timeout -t 5 program`
            index += 1
    if program(words[at]) == "env":
        while index < len(words) and _ASSIGNMENT.match(words[index]):
            index += 1
    return index + operands
