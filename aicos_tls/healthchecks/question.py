"""What a simple test asks, so that another program can ask the same: one GET or HEAD of one own address, no more.

A test that sends headers or data, looks at the answer, or is more than one command is not simple: what another program
would have to do for it is for a person to say.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.healthchecks import curl, wget
from aicos_tls.healthchecks.model import Form
from aicos_tls.healthchecks.options import read
from aicos_tls.healthchecks.shell import SHELLS
from aicos_tls.healthchecks.urls import DEFAULT_PORT, Owner, owner, parse
from aicos_tls.healthchecks.wrappers import inner, program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.model import Endpoint, Test
    from aicos_tls.healthchecks.options import Argument

_CURL = frozenset(
    """f fail fail-with-body s silent S show-error L location k insecure I head i include v verbose g globoff 4 ipv4 6
    ipv6 0 http1.0 http1.1 http2 no-progress-meter m max-time connect-timeout retry retry-delay retry-max-time
    retry-connrefused retry-all-errors o output w write-out N no-buffer cacert capath # progress-bar""".split()  # noqa: SIM905 - a list would take 40 lines
)
"""Options of curl that do not change what is asked, nor what makes it succeed, beyond what a `Question` knows."""
_STRICT = frozenset({"f", "fail", "fail-with-body"})
_WGET = frozenset(
    """q quiet nv no-verbose v verbose spider S server-response O output-document T timeout t tries no-check-certificate
    Y proxy 4 inet4-only 6 inet6-only no-cache ca-certificate connect-timeout read-timeout waitretry
    retry-connrefused""".split()  # noqa: SIM905 - a list would take 20 lines
)
_ENDS = ("exit", "false")
_QUIET = re.compile(r"(?:[12]?|&)>>?\s*(?:/dev/null|&[12])(?:\s+|$)")
_SAFE = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%{}-]*")
"""Characters that mean nothing in the quotes of a program's text."""
_VARIABLE = re.compile(r"\$(?:\w+|\{\w+(?::?-[\w./-]*)?\})")


class Question(Struct, frozen=True):
    """One request to the service itself. `program` is who asks it today, by name.

    `port` and `path` are as they are written, with variables of compose. `strict`: an answer of 400 or more is a
    failure. `ipv6`: only that loopback address will do.
    """

    program: str
    port: str
    path: str
    strict: bool = True
    ipv6: bool = False

    def address(self, *, secure: bool) -> str:
        """The URL to ask. An address and no name: `localhost` is ::1 first in many images, where few servers listen."""
        host = "[::1]" if self.ipv6 else "127.0.0.1"
        return f"{'https' if secure else 'http'}://{host}:{self.port}{self.path}"


def question(test: Test, endpoint: Endpoint) -> Question | None:
    """The one request that a simple test makes of the service itself; None for every other test."""
    words = _words(test)
    if not words:
        return None
    at = inner(words)
    rest = words[at:]
    if not rest or any(program(word) not in ("timeout", "env", "exec") for word in words[:at] if _is_program(word)):
        return None
    name = program(rest[0])
    if name in SHELLS and test.form is Form.EXEC and rest[1:2] == ["-c"] and len(rest) == 3:  # noqa: PLR2004 - sh -c TEXT
        inside = _shell_words(rest[2])
        return _asked(program(inside[0]), inside, endpoint) if inside else None
    return _asked(name, rest, endpoint)


def _is_program(word: str) -> bool:
    """Whether a word before the program is a wrapper, and no option, number or assignment of one."""
    return not word.startswith("-") and "=" not in word and not re.fullmatch(r"[\d.]+[smhd]?", word)


def _words(test: Test) -> list[str]:
    if test.form is Form.SHELL:
        return _shell_words(test.words[0]) if len(test.words) == 1 else []
    return _without_end(list(test.words))


def _shell_words(text: str) -> list[str]:
    """The words of shell text that is one command, perhaps with `|| exit 1` after it; nothing for any other text."""
    try:
        lexer = shlex.shlex(_QUIET.sub(" ", text), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = _without_end(list(lexer))
    except ValueError:
        return []
    plain = all(not re.fullmatch(r"[();<>|&]+", word) and "`" not in word and "$(" not in word for word in words)
    return words if plain else []


def _without_end(words: list[str]) -> list[str]:
    """Without `|| exit 1`, which people also write into lists, where it is handed to the program."""
    if len(words) > 2 and words[-2] == "||" and words[-1] in _ENDS:  # noqa: PLR2004 - a command before it
        return words[:-2]
    if len(words) > 3 and words[-3] == "||" and words[-2] in _ENDS:  # noqa: PLR2004 - the same
        return words[:-3]
    return words


def _asked(name: str, words: Sequence[str], endpoint: Endpoint) -> Question | None:
    if name == "curl":
        arguments, known = read(words, curl.SYNTAX), _CURL
        strict = any(argument.name in _STRICT for argument in arguments)
    elif name == "wget":
        arguments, known, strict = read(words, wget.SYNTAX), _WGET, True
    else:
        return None
    if any(argument.name and argument.name not in known for argument in arguments):
        return None
    operands = [argument for argument in arguments if not argument.name]
    return _of_operand(name, operands[0], endpoint, strict=strict) if len(operands) == 1 else None


def _of_operand(name: str, operand: Argument, endpoint: Endpoint, *, strict: bool) -> Question | None:
    text = operand.value or ""
    url = parse(text, scheme_optional=True)
    if url is None or owner(url.host, endpoint) is not Owner.SELF or "@" in text:
        return None
    port = text[url.host_end + 1 : len(text) - len(url.path)] if url.has_port else str(DEFAULT_PORT)
    path = url.path.partition("#")[0] or "/"
    path = path if path.startswith("/") else f"/{path}"
    unknown = _VARIABLE.sub("", port + path)
    if not _SAFE.fullmatch(port + path) or "$" in unknown or "{" in unknown or (url.secure and not url.has_port):
        return None
    return Question(name, port, path, strict, ipv6=url.host == "[::1]")
