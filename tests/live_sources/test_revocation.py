"""Who says that it checks revocation lists refuses a revoked service, and nobody else: real programs on loopback."""

from __future__ import annotations

import importlib.util
import ssl
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.servers import serving, tls
from support import need

from aicos_tls.pki import KeyType, Profile, Wanted, revocation
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.judgement import find_pair, judge_authority
from aicos_tls.pki.store import survey
from aicos_tls.serving.revocation import CHECKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aicos_tls.serving.revocation import Checker

PROGRAMS = Path(__file__).parent / "revocation"
_found = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _found
assert _found.loader
run = importlib.util.module_from_spec(_found)
_found.loader.exec_module(run)


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`api` is in order, `web` revoked; the list is lines of the directory like any other."""
    directory, now = tmp_path_factory.mktemp("revocation") / "certs", datetime.now(UTC)
    wanted = [Wanted("api", ("api",)), Wanted("web", ("web",))]
    directory.mkdir()
    for file in issue(survey(directory, wanted, now=now), Profile(KeyType.P256), project="shop", now=now).new_files:
        file.path.write_bytes(file.data)
    revoke(directory, now)
    return directory


def revoke(directory: Path, now: datetime, lifetime: timedelta = revocation.LIFETIME) -> None:
    authority = judge_authority(find_pair(directory, "ca"), now=datetime.now(UTC)).issuer
    web = find_pair(directory, "web").certificate.value
    assert authority
    assert web
    entries = [revocation.Revoked(web.serial_number, now, revocation.Reason.KEY_COMPROMISE)]
    (directory / revocation.FILE).write_bytes(revocation.make(authority, entries, None, now=now, lifetime=lifetime))


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("go") / "checker"
    subprocess.run([need("go"), "build", "-o", str(target), str(PROGRAMS / "main.go")], check=True)
    return str(target)


@pytest.fixture
def word(request: pytest.FixtureRequest) -> Callable[[str], list[str]]:
    """The words that run the program of a runtime."""

    def words(name: str) -> list[str]:
        if name == "Go":
            return [str(request.getfixturevalue("go"))]
        if name == "Node":
            return [need("node"), str(PROGRAMS / "main.js")]
        return [sys.executable, str(PROGRAMS / "main.py")]

    return words


NGINX = """\
daemon off;
master_process off;
pid {here}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {here}/b;
    proxy_temp_path {here}/p;
    fastcgi_temp_path {here}/f;
    uwsgi_temp_path {here}/u;
    scgi_temp_path {here}/s;
    server {{
        listen 127.0.0.1:{port}{ssl};
        {settings}
    }}
}}
"""
HAPROXY = """\
global
    log stderr format raw local0 warning
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{port}{bind}
    {answer}
backend b
    server s 127.0.0.1:{upstream}{server}
"""


def lines(checker: Checker, certs: Path) -> list[str]:
    return [line.replace("{certs}", str(certs)) for line in checker.settings]


@contextmanager
def server_of(checker: Checker, certs: Path, here: Path, word: Callable[[str], list[str]]) -> Iterator[int]:
    """Run it as a server that asks its clients for certificates, with the settings of the table."""
    port = run.free_port()
    own = f"{certs}/api-cert.pem", f"{certs}/api-key.pem"
    settings = lines(checker, certs)
    if checker.name == "nginx":
        more = f"ssl_certificate {own[0]}; ssl_certificate_key {own[1]}; return 200;"
        text = NGINX.format(here=here, port=port, ssl=" ssl", settings="\n".join([*settings, more]))
        (here / "nginx.conf").write_text(text)
        words = [need("nginx"), "-c", str(here / "nginx.conf"), "-p", str(here)]
    elif checker.name == "haproxy":
        (here / "own.pem").write_bytes(b"".join(Path(path).read_bytes() for path in own))
        bind = settings[0].removeprefix("bind …")
        answer = "http-request return status 200"
        text = HAPROXY.format(port=port, bind=f" ssl crt {here}/own.pem{bind}", answer=answer, upstream=1, server="")
        (here / "haproxy.cfg").write_text(text)
        words = [need("haproxy"), "-f", str(here / "haproxy.cfg"), "-db"]
    elif checker.name == "openssl":
        words = [need("openssl"), *settings[0].split()[1:], "-accept", f"127.0.0.1:{port}", "-www"]
        words += ["-cert", own[0], "-key", own[1]]
    else:
        words = [*word(checker.name), "server", str(certs), str(port)]
    with run.running(words, here, {}, port):
        yield port


def accepted_by_server(port: int, certs: Path, name: str) -> bool:
    """Whether a client with the certificate of `name` is answered."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certs / "ca-cert.pem")
    context.load_cert_chain(certs / f"{name}-cert.pem", certs / f"{name}-key.pem")
    try:
        status: bytes = run.answer(port, "/", "localhost", context)
    except OSError:
        return False
    return status.split()[1:2] == [b"200"]


def accepted_by_client(checker: Checker, port: int, certs: Path, here: Path, word: Callable[[str], list[str]]) -> bool:
    """Whether it takes the answer of the server at `port`, with the settings of the table."""
    settings = lines(checker, certs)
    if checker.name in ("nginx", "haproxy"):
        return through_proxy(checker, settings, port, here)
    if checker.name in ("curl", "openssl"):
        words = [need(checker.name), *settings[0].split()[1:]]
        url = ["-sf", f"https://127.0.0.1:{port}/"]
        words += url if checker.name == "curl" else ["-connect", f"127.0.0.1:{port}", "-verify_ip", "127.0.0.1"]
    else:
        words = [*word(checker.name), "client", str(certs), str(port)]
    request = "GET / HTTP/1.0\r\n\r\n"
    done = subprocess.run(words, input=request, capture_output=True, text=True, check=False, timeout=60)
    said = done.stdout + done.stderr
    if checker.name == "openssl":  # its exit code is about what comes after the handshake, too
        assert ("Verify return code: 0 (ok)" in said) != ("certificate revoked" in said), said
        return "Verify return code: 0 (ok)" in said
    assert done.returncode == 0 or "revoked" in said or checker.name == "curl", said
    return done.returncode == 0


def through_proxy(checker: Checker, settings: list[str], upstream: int, here: Path) -> bool:
    port = run.free_port()
    if checker.name == "nginx":
        more = f"proxy_ssl_name localhost; location / {{ proxy_pass https://127.0.0.1:{upstream}; }}"
        name = here / f"nginx-{port}.conf"
        name.write_text(NGINX.format(here=here, port=port, ssl="", settings="\n".join([*settings, more])))
        words = [need("nginx"), "-c", str(name), "-p", str(here)]
    else:
        name = here / f"haproxy-{port}.cfg"
        server = settings[0].removeprefix("server …")
        name.write_text(
            HAPROXY.format(port=port, bind="", answer="default_backend b", upstream=upstream, server=server)
        )
        words = [need("haproxy"), "-f", str(name), "-db"]
    with run.running(words, here, {}, port):
        status: bytes = run.answer(port, "/", "localhost", None)
    assert status.split()[1] in (b"200", b"502", b"503")
    return status.split()[1] == b"200"


TRIED = [checker for checker in CHECKERS if checker.tried]


def test_who_claims_it_was_tried_or_says_that_it_was_not() -> None:
    assert {checker.key for checker in TRIED} >= {
        f"{name}-{role}" for name in ("nginx", "haproxy", "node", "python", "go") for role in ("server", "client")
    }
    assert all(checker.can for checker in TRIED)
    assert all(checker.note or checker.can for checker in CHECKERS)
    assert len({checker.key for checker in CHECKERS}) == len(CHECKERS)


@pytest.mark.parametrize("checker", [c for c in TRIED if c.role == "server"], ids=lambda c: c.key)
def test_a_server_refuses_the_revoked_client(
    checker: Checker, certs: Path, tmp_path: Path, word: Callable[[str], list[str]]
) -> None:
    with server_of(checker, certs, tmp_path, word) as port:
        assert accepted_by_server(port, certs, "api")
        assert not accepted_by_server(port, certs, "web")
        assert accepted_by_server(port, certs, "api")


@pytest.mark.parametrize("checker", [c for c in TRIED if c.role == "client"], ids=lambda c: c.key)
def test_a_client_refuses_the_revoked_server(
    checker: Checker, certs: Path, tmp_path: Path, word: Callable[[str], list[str]]
) -> None:
    for name, good in (("api", True), ("web", False)):
        with serving(tls(certs, name)) as port:
            assert accepted_by_client(checker, port, certs, tmp_path, word) == good


def test_a_list_that_is_over_makes_everybody_refused(
    certs: Path, tmp_path: Path, word: Callable[[str], list[str]]
) -> None:
    old = tmp_path / "certs"
    old.mkdir()
    for path in certs.glob("*.pem"):
        (old / path.name).write_bytes(path.read_bytes())
    revoke(old, datetime.now(UTC) - timedelta(days=2), timedelta(days=1))
    python = next(c for c in TRIED if c.key == "python-server")
    with server_of(python, old, tmp_path, word) as port:
        assert not accepted_by_server(port, old, "api")
