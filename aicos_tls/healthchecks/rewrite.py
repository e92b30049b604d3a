"""The questions that this package answers about one healthcheck test. Nothing else of it needs to be called.

A test is changed as a whole or not at all: one command in it that cannot be changed safely is a refusal. Rewriting a
rewritten test gives no edits. What reads commands is loaded with the first test: most projects have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.healthchecks.edits import coalesced
from aicos_tls.healthchecks.model import (
    Form,
    NotHttp,
    Refused,
    Rewritten,
    Trust,
    TrustPaths,
    Wget,
)

if TYPE_CHECKING:
    from aicos_tls.healthchecks.found import Context, Found
    from aicos_tls.healthchecks.model import Ask, Endpoint, Outcome, Test

NO_PATHS = TrustPaths()

_HOW = {
    Trust.INSECURE: "without checking the certificate",
    Trust.CA: "checking the certificate",
    Trust.MUTUAL: "checking the certificate and showing its own",
}


def rewrite(
    test: Test, endpoint: Endpoint, trust: Trust, paths: TrustPaths = NO_PATHS, *, wget: Wget = Wget.UNKNOWN
) -> Outcome:
    """How `test` asks its own service over HTTPS: the edits, or why there are none."""
    from aicos_tls.healthchecks.found import Context

    context = Context(endpoint, trust, paths, wget)
    found = _read(test, context)
    if found.refusals:
        return Refused("; ".join(dict.fromkeys(found.refusals)), suggestion(found.asks or found.secure, context))
    if not found.own:
        return NotHttp(_reason(found))
    edits = coalesced(found.edits)
    program = ", ".join(dict.fromkeys(found.programs))
    asked = ", ".join(dict.fromkeys(_address(ask) for ask in found.asks or found.secure))
    verb = f"{program} asks {asked}" if edits else f"{program} asks {asked} already"
    notes = (*found.notes, *(f"left alone: {url}, another host" for url in found.others))
    return Rewritten(edits, program, f"{verb} {_HOW[trust]}" if edits else verb, tuple(dict.fromkeys(notes)))


def asks_itself(test: Test, endpoint: Endpoint) -> tuple[Ask, ...]:
    """What `test` asks the service itself, over HTTP or HTTPS."""
    from aicos_tls.healthchecks.found import Context

    found = _read(test, Context(endpoint))
    return tuple(dict.fromkeys((*found.asks, *found.secure)))


def asks_http(test: Test, endpoint: Endpoint) -> tuple[Ask, ...]:
    """What `test` asks the service itself over plain HTTP, also where that could not be rewritten."""
    from aicos_tls.healthchecks.found import Context

    return tuple(dict.fromkeys(_read(test, Context(endpoint)).asks))


def other_hosts(test: Test, endpoint: Endpoint) -> tuple[str, ...]:
    """The addresses of other hosts in `test`, as they are written; they are never changed."""
    from aicos_tls.healthchecks.found import Context

    return tuple(dict.fromkeys(_read(test, Context(endpoint)).others))


def _read(test: Test, context: Context) -> Found:
    from aicos_tls.healthchecks.found import Found
    from aicos_tls.healthchecks.programs import read_command

    if not test.words:
        return Found(silent=("the test is empty",))
    if sum(map(len, test.words)) > budgets.COMMAND:
        return Found(refusals=(f"it has more than {budgets.COMMAND:,} characters: too long to be read",))
    if test.form is Form.SHELL:
        from aicos_tls.healthchecks.shell import read_text

        return read_text(test.words[0], context, read_command)
    return read_command(test.words, context)


def _reason(found: Found) -> str:
    """Why `found` is no plain HTTP request to the service."""
    if found.others:
        return "it asks other hosts only: " + ", ".join(dict.fromkeys(found.others))
    reasons = (*found.notes, *found.silent) or ("its commands ask nothing over HTTP",)
    return "; ".join(dict.fromkeys(reasons))


def _address(ask: Ask) -> str:
    port = "…" if ask.port is None else ask.port
    return f"https://{ask.host}:{port}{ask.path}"


def suggestion(asks: tuple[Ask, ...], context: Context) -> str:
    """The line to paste that asks the same with curl, or what to do where the request is not known."""
    if not asks:
        return "write a test that asks https://localhost:PORT/PATH, for example with curl"
    ask = asks[0]
    host = ask.host if not context.trust.verifies else "localhost"
    port = "PORT" if ask.port is None else ask.port
    flags = {
        Trust.INSECURE: ["--insecure"],
        Trust.CA: ["--cacert", context.paths.ca],
        Trust.MUTUAL: ["--cacert", context.paths.ca, "--cert", context.paths.cert, "--key", context.paths.key],
    }[context.trust]
    import json

    words = ["CMD", "curl", "-f", *flags, f"https://{host}:{port}{ask.path}"]
    return f"test: {json.dumps(words)}"
