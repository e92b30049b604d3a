"""Faults of the small stack, one at a time: how each is put in, and what `verify` and `doctor` must say of it.

A fault lies in the files of the project (`files`), in settings that only the running containers have (`settings`), or
it comes about by what is done to the containers (`run`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable  # noqa: TC003 - the type of a field
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from live.leaves import authority, date_authority, write_authority, write_key, write_leaf

if TYPE_CHECKING:
    from live.stacks import Stack

COMPOSE = "docker-compose.yml"
NAMES, ADDRESSES = ("ledger", "localhost"), ("127.0.0.1", "::1")
AT_ONCE = {"retries": 1, "start_period": "0s"}
"""Of a healthcheck: to be unhealthy after one failure."""
LEDGER, QUOTES = "ledger", "quotes"


@dataclass(frozen=True)
class Fault:
    """How a fault is put in, and what must be named: by `verify` service and check, by `doctor` the same.

    `edges` are the connections that fail, by server, with the checks that say so; `words` are part of what is said.
    `again` are the services whose containers are made anew for it.
    """

    name: str
    verify: set[tuple[str, str]]
    edges: dict[str, set[str]]
    doctor: set[tuple[str, str]] = field(default_factory=set)
    files: Callable[[Path], None] | None = None
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    run: Callable[[Stack], None] | None = None
    again: tuple[str, ...] = (LEDGER,)
    words: str = ""


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text that must be there, once."""
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1))


def compose(old: str, new: str) -> Callable[[Path], None]:
    """Put `new` in the place of `old` in the project's compose file."""
    return lambda directory: edit(directory / COMPOSE, old, new)


def leaf(**differs: Any) -> Callable[[Path], None]:
    """A leaf for ledger that is wrong in one way."""

    def write(directory: Path) -> None:
        certs = directory / "certs"
        write_leaf(certs, LEDGER, **{"names": NAMES, "addresses": ADDRESSES, "signer": certs, **differs})

    return write


def removed(*names: str) -> Callable[[Path], None]:
    """These files are gone."""

    def remove(directory: Path) -> None:
        for name in names:
            (directory / "certs" / name).unlink()

    return remove


def foreign_ca(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as other:
        leaf(signer=authority(Path(other)))(directory)


def without_intermediate(directory: Path) -> None:
    with tempfile.TemporaryDirectory() as between:
        leaf(signer=write_authority(Path(between), signer=directory / "certs"))(directory)


def ca_swapped(directory: Path) -> None:
    write_authority(directory / "certs")


def ca_expired(directory: Path) -> None:
    date_authority(directory / "certs", begins=timedelta(days=-9), ends=timedelta(minutes=-30))


def key_of_another(directory: Path) -> None:
    write_key(directory / "certs/ledger-key.pem", ec.generate_private_key(ec.SECP256R1()))


def key_locked(directory: Path) -> None:
    key = directory / "certs/ledger-key.pem"
    open_key = load_pem_private_key(key.read_bytes(), None)
    locked = BestAvailableEncryption(b"secret")
    key.write_bytes(open_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


def weak_key(directory: Path) -> None:
    leaf(key=rsa.generate_private_key(65537, 1024))(directory)  # noqa: S505 - it is to be found


def certificate_cut_off(directory: Path) -> None:
    path = directory / "certs/ledger-cert.pem"
    path.write_bytes(path.read_bytes()[:300])


def renamed(directory: Path) -> None:
    """The client asks by another name of the server, which came after the certificates."""
    edit(directory / COMPOSE, "https://ledger:8001", "https://book:8001")
    edit(
        directory / COMPOSE,
        "    build: ./ledger\n",
        "    build: ./ledger\n    networks: {default: {aliases: [book]}}\n",
    )


def stopped(stack: Stack) -> None:
    stack.compose("stop", "--timeout", "0", LEDGER)


def paused(stack: Stack) -> None:
    stack.compose("pause", LEDGER)


def gone(stack: Stack) -> None:
    stack.compose("rm", "--force", "--stop", LEDGER)


def never_started(stack: Stack) -> None:
    gone(stack)
    stack.compose("create", "--no-build", LEDGER)


def one_of_two(stack: Stack) -> None:
    stack.compose("up", "-d", "--no-build", "--no-deps", "--scale", "ledger=2", LEDGER)
    stack.engine.docker("kill", stack.compose("ps", "--all", "--quiet", LEDGER).stdout.split()[1])


def client_killed(stack: Stack) -> None:
    stack.compose("kill", "desk")


def cut_off(stack: Stack) -> None:
    assert (
        stack.engine.docker("network", "disconnect", f"{stack.name}_default", stack.container("desk")).returncode == 0
    )


def nameless(stack: Stack) -> None:
    """Back on the network by hand, without the name of its service."""
    for verb in ("disconnect", "connect"):
        done = stack.engine.docker("network", verb, f"{stack.name}_default", stack.container(LEDGER))
        assert done.returncode == 0, done.stderr


FAULTS = (
    Fault("foreign-ca", {(LEDGER, "chain")}, {LEDGER: {"chain"}}, {(LEDGER, "cert-untrusted")}, foreign_ca,
          words="not issued by the CA in certs/"),
    Fault("self-signed", {(LEDGER, "chain")}, {LEDGER: {"chain"}}, {(LEDGER, "cert-untrusted")}, leaf(signer=None),
          words="not issued by the CA in certs/"),
    Fault("no-intermediate", {(LEDGER, "chain")}, {LEDGER: {"chain"}}, {(LEDGER, "cert-untrusted")},
          without_intermediate, words="but by CN=CA of"),
    Fault("expired", {(LEDGER, "expiry")}, {LEDGER: {"expiry"}}, {(LEDGER, "cert-expired")},
          leaf(ends=timedelta(minutes=-30)), words="expired on"),
    Fault("not-yet-valid", {(LEDGER, "expiry")}, {LEDGER: {"expiry"}}, {(LEDGER, "cert-not-yet-valid")},
          leaf(begins=timedelta(hours=1)), words="is valid from"),
    Fault("other-names", {(LEDGER, "names")}, {LEDGER: {"names"}}, {(LEDGER, "cert-name")},
          leaf(names=["book", "localhost"]), words="its certificate is not for ledger: it is for book, localhost"),
    Fault("renamed", {(LEDGER, "names")}, {LEDGER: {"names"}},
          {(LEDGER, "cert-name"), ("", "record-conflict")}, renamed, again=(LEDGER, "desk"),
          words="its certificate is not for book"),
    Fault("newer-on-disk", {(LEDGER, "on-disk")}, {},
          {("", "record-certificate")}, leaf(), again=(), words="it still serves another one"),
    Fault("certificate-gone", {(LEDGER, "on-disk")}, {}, {(LEDGER, "cert-missing")}, removed("ledger-cert.pem"),
          again=(), words="ledger-cert.pem is missing"),
    Fault("ca-gone", {(LEDGER, "chain"), (QUOTES, "chain")}, {LEDGER: {"chain"}, QUOTES: {"chain"}},
          {("", "cert-missing")}, removed("ca-cert.pem"), again=(), words="ca-cert.pem is missing"),
    Fault("ca-expired", {(LEDGER, "chain"), (QUOTES, "chain")}, {LEDGER: {"chain"}, QUOTES: {"chain"}},
          {("", "cert-expired")}, ca_expired, again=(), words="the CA has expired"),
    Fault("ca-swapped", {(LEDGER, "chain"), (QUOTES, "chain")}, {LEDGER: {"chain"}, QUOTES: {"chain"}},
          {("", "cert-untrusted")}, ca_swapped, again=(), words="not issued by the CA in certs/"),
    Fault("key-of-another", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "key-mismatch")}, key_of_another,
          words="its container is exited (exit code 1)"),
    Fault("key-gone", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "key-missing")},
          removed("ledger-key.pem")),
    Fault("key-locked", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "key-encrypted")}, key_locked),
    Fault("key-of-another-user", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "key-user")},
          compose("    build: ./ledger\n", '    build: ./ledger\n    user: "1000"\n')),
    Fault("certificate-cut-off", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "cert-unreadable")},
          certificate_cut_off),
    Fault("weak-key", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "weak-key")}, weak_key),
    Fault("no-mount", {(LEDGER, "running")}, {LEDGER: {"running"}}, {(LEDGER, "mount")},
          compose("    volumes:\n      - ./certs:/app/certs:ro\n", "")),
    Fault("tls-disabled", {(LEDGER, "tls"), (LEDGER, "log"), (LEDGER, "healthy")}, {LEDGER: {"tls"}},
          {(LEDGER, "tls-variable")}, compose("TLS_ENABLED=true", "TLS_ENABLED=false"),
          {LEDGER: {"healthcheck": AT_ONCE}}, words="it answers plain HTTP (HTTP/1.1 200 OK), and no TLS"),
    Fault("healthcheck-on-http", {(LEDGER, "healthy")}, {}, {(LEDGER, "healthcheck-http")},
          compose("https://localhost:8001/health", "http://localhost:8001/health"), {LEDGER: {"healthcheck": AT_ONCE}},
          words="its healthcheck still asks http"),
    Fault("client-on-http", set(), {LEDGER: {"url"}}, {("desk", "http-url")},
          compose("LEDGER_URL=https:", "LEDGER_URL=http:"), again=("desk",),
          words="the running container of desk still asks http://ledger:8001"),
    Fault("stale-client", set(), {QUOTES: {"url"}}, settings={"desk": {"environment": {"QUOTES_URL": "http://quotes:8002"}}},
          again=("desk",), words="the running container of desk still asks http://quotes:8002"),
    Fault("server-on-http", {(QUOTES, "tls"), (QUOTES, "log"), (QUOTES, "healthy")}, {QUOTES: {"tls"}},
          settings={QUOTES: {"environment": {"TLS_ENABLED": "false"}, "healthcheck": AT_ONCE}}, again=(QUOTES,),
          words="it answers plain HTTP (HTTP/1.1 200 OK), and no TLS"),
    Fault("plain-beside-tls", {(LEDGER, "plain")}, {}, settings={LEDGER: {"environment": {"BOTH": "true"}}},
          words="is answered beside TLS"),
    Fault("tls-1.0", {(LEDGER, "tls")}, {LEDGER: {"tls"}},
          settings={LEDGER: {"environment": {"OLD": "true"}, "healthcheck": {"disable": True}}}, words="TLSv1"),
    Fault("on-loopback-only", {(LEDGER, "tls")}, {LEDGER: {"tls"}},
          settings={LEDGER: {"environment": {"HOST": "127.0.0.1"}}},
          words="nothing answers at port 8001: Connection refused"),
    Fault("other-port", {(LEDGER, "tls"), (LEDGER, "healthy")}, {LEDGER: {"tls"}},
          settings={LEDGER: {"environment": {"PORT": "9001"}, "healthcheck": AT_ONCE}},
          words="nothing answers at port 8001: Connection refused"),
    Fault("unhealthy", {(QUOTES, "healthy")}, {},
          settings={QUOTES: {"healthcheck": {"test": ["CMD", "false"], **AT_ONCE}}},
          again=(QUOTES,), words="it is unhealthy"),
    Fault("restarting", {(LEDGER, "running")}, {LEDGER: {"running"}},
          settings={LEDGER: {"restart": "always", "command": ["sh", "-c", "exit 3"]}},
          words="its container is restarting (exit code 3)"),
    Fault("stopped", {(LEDGER, "running")}, {LEDGER: {"running"}}, run=stopped, words="its container is exited"),
    Fault("paused", {(LEDGER, "running")}, {LEDGER: {"running"}}, run=paused, words="its container is paused"),
    Fault("gone", {(LEDGER, "running")}, {LEDGER: {"running"}}, run=gone, words="ledger has no container"),
    Fault("never-started", {(LEDGER, "running")}, {LEDGER: {"running"}}, run=never_started,
          words="its container is created"),
    Fault("one-of-two", {(LEDGER, "running")}, {LEDGER: {"running"}}, run=one_of_two),
    Fault("client-killed", {("desk", "running")}, {LEDGER: {"running"}, QUOTES: {"running"}}, run=client_killed,
          again=("desk",)),
    Fault("no-common-network", set(), {LEDGER: {"network"}, QUOTES: {"network"}}, run=cut_off, again=("desk",),
          words="share no network that is up"),
    Fault("nameless", set(), {LEDGER: {"name"}}, run=nameless, words="no container of ledger is called ledger there"),
)  # fmt: skip
