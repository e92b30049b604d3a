"""Renewals and new CAs under load: servers of five kinds, no request fails and nothing is restarted.

AICOS_TLS_RENEWALS and AICOS_TLS_ROTATIONS set how many; 1,000 and 20 take a quarter of an hour.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from support import needs

from aicos_tls.commands.renew import Options, renew
from aicos_tls.commands.rotation import Options as RotateOptions
from aicos_tls.commands.rotation import rotate
from aicos_tls.pki import KeyType, Profile, Wanted
from aicos_tls.pki.certificate import load
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.store import survey
from aicos_tls.sources.go import helper_source
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.templates import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
assert _spec is not None
assert _spec.loader is not None
run: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(run)

pytestmark = [pytest.mark.slow, needs("node", "go", "nginx", "haproxy")]

RENEWALS = int(os.environ.get("AICOS_TLS_RENEWALS", "20"))
ROTATIONS = int(os.environ.get("AICOS_TLS_ROTATIONS", "1"))
SERVICES = ("node", "python", "go", "nginx", "haproxy")
PATIENCE = 30  # seconds until a server has to serve what was renewed
FOLLOW = 1.6  # seconds in which every helper has looked at its files: they look once a second

NODE_SERVER = (
    "const tls = require('./tls.js');\n"
    "tls.createServer((request, response) => response.end('ok')).listen(process.env.PORT, '127.0.0.1');\n"
)
NODE_CLIENT = """const tls = require('./tls.js');
let done = 0, failed = 0;
const words = new Set();
process.on('SIGTERM', () => { console.log(`RESULT ${done} ${failed} ${[...words].join('; ')}`); process.exit(0); });
function again(url) {
  const request = tls.get(url, (response) => {
    response.resume().on('end', () => { done += 1; setTimeout(again, 5, url); });
  });
  request.on('error', (error) => {
    // a connection that the server closed while it was idle: Node's documentation of request.reusedSocket repeats it
    if (request.reusedSocket && error.code === 'ECONNRESET') return again(url);
    failed += 1;
    words.add(error.message);
    setTimeout(again, 5, url);
  });
}
process.argv.slice(2).forEach(again);
"""
PYTHON_SERVER = (
    "import os, tls\nfrom http.server import BaseHTTPRequestHandler, ThreadingHTTPServer\n\n"
    "class Handler(BaseHTTPRequestHandler):\n    protocol_version = 'HTTP/1.1'\n\n    def do_GET(self):\n"
    "        self.send_response(200)\n        self.send_header('Content-Length', '2')\n        self.end_headers()\n"
    "        self.wfile.write(b'ok')\n\n    def log_message(self, *_):\n        pass\n\n"
    "ThreadingHTTPServer.request_queue_size = 128\n"
    "tls.serve(ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), Handler)).serve_forever()\n"
)
GO_SERVER = """package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		ask(os.Args[1:])
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	fmt.Println(tlsListenAndServe("127.0.0.1:"+os.Getenv("PORT"), handler))
}

func ask(urls []string) {
	client, done, failed, words := tlsDefaultClient(), 0, 0, ""
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	for {
		for _, url := range urls {
			if response, err := client.Get(url); err != nil {
				failed, words = failed+1, err.Error()
			} else {
				response.Body.Close()
				done++
			}
		}
		select {
		case <-stop:
			fmt.Println("RESULT", done, failed, words)
			os.Exit(0)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
"""
NGINX = """daemon off;
error_log {folder}/error.log warn;
pid {folder}/nginx.pid;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certs}/nginx-cert.pem;
        ssl_certificate_key {certs}/nginx-key.pem;
        location / {{ return 200 ok; }}
    }}
}}
"""
HAPROXY = """global
    log stderr format raw local0 warning
    maxconn 500
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-keep-alive 30s
frontend tls
    bind 127.0.0.1:{port} ssl crt {folder}/server.pem
    http-request return status 200 content-type text/plain string ok
"""


class Load:
    """Clients that ask one server without a pause, and what came of it."""

    def __init__(self, certs: Path, ports: Mapping[str, int], context: Callable[[], ssl.SSLContext]) -> None:
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.reopened: Counter[str] = Counter()
        self._stop = threading.Event()
        fresh = lambda: ssl.create_default_context(cafile=str(certs / "ca-cert.pem"))  # noqa: E731
        self.threads = [
            threading.Thread(target=work, args=(name, port, make), daemon=True)
            for name, port in ports.items()
            for work, make in ((self._new, fresh), (self._keep, context))
        ]

    def _new(self, name: str, port: int, context: Callable[[], ssl.SSLContext]) -> None:
        """A connection for each request."""
        while not self._stop.wait(0.01):
            try:
                with contextlib.closing(self._connect(port, context())) as connection:
                    self._ask(connection)
                self.done[f"{name} new"] += 1
            except (OSError, http.client.HTTPException) as error:
                self.failed[f"{name} new: {error!r}"] += 1

    def _keep(self, name: str, port: int, context: Callable[[], ssl.SSLContext]) -> None:
        """One connection as long as the server keeps it. One that it closed while idle is opened again, as pools do."""
        connection: http.client.HTTPSConnection | None = None
        while not self._stop.wait(0.005):
            reused = connection is not None
            try:
                connection = connection or self._connect(port, context())
                if not self._ask(connection):
                    connection.close()
                    connection = None
                self.done[f"{name} keep"] += 1
            except (OSError, http.client.HTTPException) as error:
                if connection:
                    connection.close()
                connection = None
                if reused and isinstance(error, ConnectionError | http.client.RemoteDisconnected | ssl.SSLEOFError):
                    self.reopened[name] += 1
                else:
                    self.failed[f"{name} keep: {error!r}"] += 1
        if connection:
            connection.close()

    @staticmethod
    def _connect(port: int, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
        try:
            connection.connect()
        except OSError:
            connection.close()
            raise
        return connection

    @staticmethod
    def _ask(connection: http.client.HTTPSConnection) -> bool:
        """Whether the connection stays open."""
        connection.request("GET", "/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"ok")
        return not response.will_close

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        for thread in self.threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self.threads:
                thread.join(40)


class Stack:
    """The five servers as processes, with what each of them needs to take new files over."""

    def __init__(self, folder: Path, certs: Path) -> None:
        self.folder, self.certs = folder, certs
        self.ports = {name: run.free_port() for name in SERVICES}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in SERVICES:
            (folder / name).mkdir()
        values = {"short_name": "node", "mount_path": "/app/certs", "module": "cjs"}
        (folder / "node/tls.js").write_text(render("node/tls.js.j2", values, None))
        (folder / "node/server.js").write_text(NODE_SERVER)
        (folder / "node/client.js").write_text(NODE_CLIENT)
        values = {"short_name": "python", "mount_path": "/app/certs"}
        (folder / "python/tls.py").write_text(render("python/tls.py.j2", values, None))
        (folder / "python/server.py").write_text(PYTHON_SERVER)
        context = CodeContext("go", "go", "/app/certs", frozenset({8005}), {}, is_server=True)
        (folder / "go/tls.go").write_text(helper_source(context, "main"))
        (folder / "go/main.go").write_text(GO_SERVER)
        (folder / "go/go.mod").write_text("module x\n\ngo 1.19\n")
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GOPROXY": "off"}
        subprocess.run(["go", "build", "-o", "server", "."], cwd=folder / "go", env=environment, check=True)
        text = NGINX.format(folder=folder / "nginx", port=self.ports["nginx"], certs=certs)
        (folder / "nginx/nginx.conf").write_text(text)
        text = HAPROXY.format(folder=folder / "haproxy", port=self.ports["haproxy"])
        (folder / "haproxy/haproxy.cfg").write_text(text)
        self.join()

    def join(self) -> None:
        """The one file that haproxy wants, from one version of the pair."""
        version = Path(os.path.realpath(self.certs / "haproxy-cert.pem")).parent
        joined = (version / "haproxy-cert.pem").read_bytes() + (version / "haproxy-key.pem").read_bytes()
        new = self.folder / "haproxy/server.pem.new"
        new.write_bytes(joined)
        new.replace(self.folder / "haproxy/server.pem")

    def tell(self) -> None:
        """What the table of servers says: nginx takes HUP, haproxy's master USR2; the others look by themselves."""
        self.processes["nginx"].send_signal(signal.SIGHUP)
        self.join()
        self.processes["haproxy"].send_signal(signal.SIGUSR2)

    def start(self, name: str, words: list[str], where: str) -> subprocess.Popen[bytes]:
        variables = {"TLS_ENABLED": "true", "TLS_CERT_PATH": str(self.certs), "PORT": str(self.ports.get(name, 0))}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                words, cwd=self.folder / where, env={**os.environ, **variables}, stdout=log, stderr=log
            )
        return self.processes[name]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.start("node", ["node", "server.js"], "node")
        self.start("python", [sys.executable, "server.py"], "python")
        self.start("go", [str(self.folder / "go/server")], "go")
        self.start("nginx", ["nginx", "-c", str(self.folder / "nginx/nginx.conf")], "nginx")
        self.start("haproxy", ["haproxy", "-W", "-db", "-f", str(self.folder / "haproxy/haproxy.cfg")], "haproxy")
        try:
            for name, port in self.ports.items():
                self.wait_for(partial(listens, port), f"{name} listens")
            yield
        finally:
            for process in self.processes.values():
                process.terminate()
            for process in self.processes.values():
                process.wait(30)

    @staticmethod
    def wait_for(is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, what
            time.sleep(0.05)  # nobody can be asked to say when a server has changed

    def serves_newest(self, names: tuple[str, ...] = SERVICES) -> None:
        """Every server answers with the certificate that is on the disk."""
        for name in names:
            port = self.ports[name]
            wanted = load((self.certs / f"{name}-cert.pem").read_bytes()).serial_number
            self.wait_for(partial(serves, port, wanted), f"{name} serves the newest")

    def result(self, name: str) -> tuple[int, int, str]:
        """What a client process says at its end: requests, failures, and of which kind."""
        process = self.processes[name]
        process.terminate()
        process.wait(30)
        line = next(
            text for text in (self.folder / f"{name}.log").read_text().splitlines() if text.startswith("RESULT")
        )
        _, done, failed, *words = line.split(" ", 3)
        return int(done), int(failed), " ".join(words)


def listens(port: int) -> bool:
    return served(port) is not None


def serves(port: int, serial: int) -> bool:
    return served(port) == serial


def served(port: int) -> int | None:
    """The serial number of the certificate that a server answers with; None while it does not listen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain) as stream:
            der = stream.getpeercert(binary_form=True)
    except OSError:
        return None
    return x509.load_der_x509_certificate(der).serial_number if der else None


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    directory = tmp_path / "certs"
    directory.mkdir()
    now = datetime.now(UTC)
    wanted = [Wanted(name, ("localhost",)) for name in SERVICES]
    made = issue(survey(directory, wanted, now=now), Profile(KeyType.P256, 30), project="x", now=now)
    for new in made.new_files:
        new.path.write_bytes(new.data)
        new.path.chmod(new.mode)
    return directory


@pytest.fixture
def trusting(certs: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ssl.SSLContext]:
    """The context of the Python helper, as a client has it for its whole life."""
    monkeypatch.setenv("TLS_ENABLED", "true")
    monkeypatch.setenv("TLS_CERT_PATH", str(certs))
    module: dict[str, Any] = {"__name__": "tls"}
    values = {"short_name": "python", "mount_path": "/app/certs"}
    exec(compile(render("python/tls.py.j2", values, None), "tls.py", "exec"), module)  # noqa: S102 - our own template
    return module["client_context"]  # type: ignore[no-any-return]


def test_renewals_under_load(
    tmp_path: Path,
    certs: Path,
    trusting: Callable[[], ssl.SSLContext],
    record_property: Callable[[str, object], None],
) -> None:
    stack = Stack(tmp_path, certs)
    began = time.monotonic()
    urls = [f"https://localhost:{port}/" for port in stack.ports.values()]
    load_ = Load(certs, stack.ports, trusting)

    def again(_move: str = "") -> None:
        renew([], [], {}, Options(store=certs, force=True), now=datetime.now(UTC), environment={})
        stack.tell()

    def move(step: str) -> None:
        rotate([], step, {}, RotateOptions(store=certs), now=datetime.now(UTC), environment={})
        stack.tell()
        stack.serves_newest()
        time.sleep(FOLLOW)  # until every client has looked at the CA's file: nobody can be asked

    with stack.running():
        before = {name: process.pid for name, process in stack.processes.items()}
        stack.start("node-client", ["node", "client.js", *urls], "node")
        stack.start("go-client", [str(tmp_path / "go/server"), *urls], "go")
        with load_.running():
            for number in range(RENEWALS):
                again()
                # these two were told; a signal that comes while the one before is being obeyed could be lost
                stack.serves_newest(SERVICES if number % 25 == 0 else ("nginx", "haproxy"))
            stack.serves_newest()
            for _ in range(ROTATIONS):
                for step in ("trust", "issue", "drop", "finish"):
                    move(step)
        clients = {name: stack.result(name) for name in ("node-client", "go-client")}
        after = {name: stack.processes[name].pid for name in before if stack.processes[name].poll() is None}
    total = sum(load_.done.values()) + sum(done for done, *_ in clients.values())
    seconds = time.monotonic() - began
    said = f"{RENEWALS} renewals of 5, {ROTATIONS} rotations, {total} requests in {seconds:.0f} s, {clients}"
    record_property("figures", f"{said}; done {dict(load_.done)}, reopened {dict(load_.reopened)}")
    sys.stdout.write(f"{said}\ndone {dict(load_.done)}, reopened {dict(load_.reopened)}\n")
    assert load_.failed == {}
    assert [failed for _, failed, _ in clients.values()] == [0, 0], clients
    assert after == before, "nothing was restarted"
    assert min(load_.done.values()) > RENEWALS
    assert len(load_.done) == 2 * len(SERVICES)


ASKER = """import socket, ssl, sys
context = ssl.create_default_context()
for line in sys.stdin:
    try:
        with socket.create_connection(("127.0.0.1", int(line)), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost"):
                print("ok", flush=True)
    except OSError as error:
        print(error, flush=True)
"""


def test_a_context_of_the_python_preload_follows_the_ca(certs: Path) -> None:
    """A client that made its context before a rotation trusts the servers after it."""
    runtime = Path(__file__).parents[2] / "templates/runtime/python"
    environment = {**os.environ, "TLS_ENABLED": "true", "TLS_CERT_PATH": str(certs), "PYTHONPATH": str(runtime)}
    words = [sys.executable, "-c", ASKER]
    with (
        subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asker,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        assert asker.stdin
        assert asker.stdout

        def ask() -> str:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certs / "python-cert.pem", certs / "python-key.pem")
            asker.stdin.write(f"{listener.getsockname()[1]}\n")  # type: ignore[union-attr]
            asker.stdin.flush()  # type: ignore[union-attr]
            plain, _ = listener.accept()
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True):
                pass
            return asker.stdout.readline().strip()  # type: ignore[union-attr]

        assert ask() == "ok"
        for step in ("trust", "issue", "drop"):
            rotate([], step, {}, RotateOptions(store=certs), now=datetime.now(UTC), environment={})
        time.sleep(FOLLOW)  # it looks once a second
        assert ask() == "ok"
        asker.stdin.close()
