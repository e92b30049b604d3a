"""Which program family reads a command: the one table. To add a family, write its module and name it here."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from aicos_tls.healthchecks.found import Found, ask, own_asks
from aicos_tls.healthchecks.urls import embedded, is_own
from aicos_tls.healthchecks.wrappers import inner, program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aicos_tls.healthchecks.found import Context

NO_HTTP = {
    "celery": "celery asks the workers through the broker",
    "clickhouse-client": "clickhouse-client speaks ClickHouse's own protocol",
    "cqlsh": "cqlsh speaks Cassandra's own protocol",
    "grpc_health_probe": "grpc_health_probe speaks gRPC; it needs -tls when the service speaks TLS",
    "healthcheck.sh": "the image's own script asks the database",
    "keydb-cli": "keydb-cli speaks the Redis protocol",
    "mariadb": "mariadb speaks the MySQL protocol",
    "mariadb-admin": "mariadb-admin speaks the MySQL protocol",
    "mongo": "mongo speaks the MongoDB protocol",
    "mongosh": "mongosh speaks the MongoDB protocol",
    "mysql": "mysql speaks the MySQL protocol",
    "mysqladmin": "mysqladmin speaks the MySQL protocol",
    "pg_isready": "pg_isready speaks the PostgreSQL protocol",
    "pgrep": "pgrep looks for a process",
    "pidof": "pidof looks for a process",
    "psql": "psql speaks the PostgreSQL protocol",
    "rabbitmq-diagnostics": "rabbitmq-diagnostics asks the Erlang node",
    "rabbitmqctl": "rabbitmqctl asks the Erlang node",
    "redis-cli": "redis-cli speaks the Redis protocol",
    "supervisorctl": "supervisorctl asks the supervisor",
    "valkey-cli": "valkey-cli speaks the Redis protocol",
}
"""Well-known programs that do not speak HTTP to the service, and what they do instead."""

TEXT_ONLY = frozenset(
    """: [ [[ awk basename cat cd cut date dirname echo egrep exit expr false fgrep grep head jq kill ls printf
    ps pwd read return sed set sleep stat tail tee test touch tr true umask unset wc""".split()  # noqa: SIM905 - a list would take 40 lines
)
"""Programs that handle text, files and processes: an address among their arguments is no request."""

_PYTHON = re.compile(r"(?:python|pypy)\d*(?:\.\d+)*")
_RUBY = re.compile(r"ruby\d*(?:\.\d+)*")
_PHP = re.compile(r"php\d*(?:\.\d+)*")


def read_command(words: Sequence[str], context: Context) -> Found:
    """What a command does: `words` are the program and its arguments; the edits' items count from `words[0]`."""
    at = inner(words)
    for word in words[: min(at, len(words))]:
        if asked := own_asks(word, context):
            return Found(asks=asked, refusals=(f"an address is kept in a variable: {word}",))
    if at >= len(words):
        return Found()
    rest = tuple(words[at:])
    found = _family(program(rest[0]))(rest, context).shifted(at)
    return found if found.own or found.refusals else replace(found, programs=())


FAMILIES = {
    **dict.fromkeys(("ash", "bash", "dash", "ksh", "sh", "zsh"), "shell.read_shell"),
    **dict.fromkeys(("nc", "ncat", "netcat", "socat", "telnet"), "sockets.read_netcat"),
    "bun": "node.read_bun",
    "curl": "curl.read_curl",
    "deno": "node.read_deno",
    "node": "node.read_node",
    "nodejs": "node.read_node",
    "wget": "wget.read_wget",
}
"""Module and function of each program; a module is loaded when a test uses its program, most projects need two."""

_VERSIONED = ((_PYTHON, "python.read_python"), (_RUBY, "ruby.read_ruby"), (_PHP, "php.read_php"))


def _family(name: str) -> Callable[[Sequence[str], Context], Found]:
    """The family that reads a command of the program `name`."""
    home = FAMILIES.get(name) or next((home for pattern, home in _VERSIONED if pattern.fullmatch(name)), None)
    if home is None:
        return _read_other
    module, function = home.split(".")
    family = getattr(import_module(f"aicos_tls.healthchecks.{module}"), function)
    if module == "shell":
        return lambda words, context: cast("Found", family(words, context, read_command))
    return cast("Callable[[Sequence[str], Context], Found]", family)


def _read_other(words: Sequence[str], context: Context) -> Found:
    """A program that is not known here, or known to ask nothing over HTTP."""
    name = program(words[0])
    if name in TEXT_ONLY:
        return Found()
    if " " in words[0] and len(words) == 1:
        return _read_one_item(words[0], context)
    own = [url for word in words[1:] for url in embedded(word) if is_own(url, context.endpoint)]
    others = tuple(url.text for word in words[1:] for url in embedded(word) if url not in own)
    plain = tuple(ask(url) for url in own if not url.secure)
    if plain:
        reason = f"{name} is asked to fetch an own address; it may not speak HTTPS or not accept the certificate"
        return Found(programs=(name,), asks=plain, others=others, refusals=(reason,))
    if own:
        return Found((name,), (), tuple(map(ask, own)), others, (), (), (f"{name} may not accept the new certificate",))
    silent = NO_HTTP.get(name, f"{name}: a program of the image, which cannot be seen from here")
    return Found(programs=(name,), others=others, silent=(silent,))


def _read_one_item(line: str, context: Context) -> Found:
    """A list with one item that is a whole command line: no program has that name, so the test cannot pass today."""
    own = own_asks(line, context)
    if not own:
        return Found(silent=("the whole command line is one item, which no program is called",))
    reason = (
        "the whole command line is one item of CMD, so Docker looks for a program of that name; CMD-SHELL was meant"
    )
    return Found(asks=own, refusals=(reason,))
