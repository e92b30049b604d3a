"""Node, Bun and Deno one-liners: `node -e "require('http').get('http://localhost:3001/health', …)"`.

`http` becomes `https` in the module's name and in own addresses; the certificate is a matter of the environment:
`NODE_TLS_REJECT_UNAUTHORIZED=0` (which the guide puts into every container) or `NODE_EXTRA_CA_CERTS`. Both were
tried with `fetch` and `node:https` under Node 20 and Bun 1.4. Deno's `fetch` heeds the first not at all and the second
from 2.8 on, so Deno is given a flag, directly after `eval`: `--unsafely-ignore-certificate-errors` or `--cert PATH`
(tried with Deno 2.9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.healthchecks.found import Found
from aicos_tls.healthchecks.model import InsertWord, Trust
from aicos_tls.healthchecks.nodecode import read_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.found import Context

_EVALUATES = frozenset({"-e", "--eval", "-p", "--print", "-pe"})
_VALUED = frozenset({"-r", "--require", "--import", "-C", "--conditions", "--loader", "--preload"})


def read_node(words: Sequence[str], context: Context) -> Found:
    """What `node -e CODE` does."""
    at, start = _code(words)
    if at is None:
        return Found(programs=("node",), silent=("a script of the image, which cannot be seen from here",))
    return _with_environment(read_code(words[at], start, context), "node", context).on_word(at)


def read_bun(words: Sequence[str], context: Context) -> Found:
    """What `bun -e CODE` does; Bun reads the same variables as Node."""
    found = read_node(words, context)
    return replace(found, programs=("bun",))


def read_deno(words: Sequence[str], context: Context) -> Found:
    """What `deno eval CODE` does."""
    if list(words[1:2]) != ["eval"]:
        return Found(programs=("deno",), silent=("a script of the image, which cannot be seen from here",))
    at = 2
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] == "--cert" else 1
    if at >= len(words):
        return Found(programs=("deno",), silent=("deno eval without code",))
    found = replace(read_code(words[at], 0, context), programs=("deno",)).on_word(at)
    if context.trust is Trust.MUTUAL and found.own:
        return found + Found(refusals=("deno has no flag for a client certificate",))
    flags = _deno_flags(words[2:at], context) if found.own and not found.refusals else ()
    return found + Found(edits=tuple(InsertWord(2, flag) for flag in flags))


def _deno_flags(given: Sequence[str], context: Context) -> tuple[str, ...]:
    if any(flag.startswith(("--unsafely-ignore-certificate-errors", "--cert")) for flag in given):
        return ()
    return ("--cert", context.paths.ca) if context.trust.verifies else ("--unsafely-ignore-certificate-errors",)


def _code(words: Sequence[str]) -> tuple[int | None, int]:
    """The item that holds the code, and the offset in it where the code begins."""
    at = 1
    while at < len(words) and words[at].startswith("-"):
        if words[at] in _EVALUATES:
            return (at + 1 if at + 1 < len(words) else None), 0
        if words[at].startswith(("--eval=", "--print=")):
            return at, words[at].index("=") + 1
        at += 2 if words[at] in _VALUED else 1
    return None, 0


def _with_environment(found: Found, program: str, context: Context) -> Found:
    """`found` with what the environment has to say about certificates."""
    found = replace(found, programs=(program,))
    if not found.own:
        return found
    if context.trust is Trust.MUTUAL:
        return found + Found(refusals=("the code has to hand over a client certificate, which a flag cannot do",))
    variable = "NODE_EXTRA_CA_CERTS" if context.trust.verifies else "NODE_TLS_REJECT_UNAUTHORIZED=0"
    return found + Found(notes=(f"certificates: needs {variable} in the environment of the container",))
