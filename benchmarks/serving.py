"""What TLS costs by each way to serve it, as ratios to plain HTTP in one run: `python benchmarks/serving.py`.

Needs node, openssl, and haproxy on the PATH, and nothing else. Each server answers a few bytes on loopback. All run at
once and are asked in turn, A B C A B C …, so that a machine whose speed drifts slows all of them; the medians of the
rounds are compared. Throughput: requests a second over four kept connections. Latency: milliseconds of a request on a
kept connection, and of a whole new connection with its handshake. The client is Python's and has a large part in each
figure, so the ratios are those that a client sees, not those of the servers alone.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "templates" / "runtime"
ROUNDS, SECONDS, CONNECTIONS = 7, 0.6, 4

NODE = "require('http').createServer((q, a) => a.end('hello')).listen(PORT)"
NODE_TLS = (
    "const fs = require('fs'); require('https').createServer({ cert: fs.readFileSync('api-cert.pem'), "
    "key: fs.readFileSync('api-key.pem') }, (q, a) => a.end('hello')).listen(PORT)"
)
PYTHON = (
    "import asyncio\nfrom asyncio import Protocol\n\nclass Hello(Protocol):\n    def connection_made(self, transport):\n"
    "        self.transport = transport\n\n    def data_received(self, data):\n"
    "        self.transport.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello')\n\n"
    "async def main():\n    server = await asyncio.get_running_loop().create_server(Hello, '127.0.0.1', PORT, ssl=TLS)\n"
    "    await server.serve_forever()\n\n"
)
PYTHON_TLS = (
    "import ssl\ncontext = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)\n"
    "context.load_cert_chain('api-cert.pem', 'api-key.pem')\n"
)


class Server(NamedTuple):
    """A server to ask: its name, its words, its variables, and whether it speaks TLS."""

    name: str
    words: list[str]
    variables: dict[str, str]
    port: int
    tls: bool


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def certificates(directory: Path) -> None:
    """A self-signed certificate, and one file with both for haproxy."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "api-key.pem")
    words = ["openssl", "req", "-x509", *key, "-out", "api-cert.pem", "-subj", "/CN=localhost"]
    extension = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*words, *extension], cwd=directory, check=True, capture_output=True)
    for name in ("ca-cert.pem", "server.pem"):
        shutil.copy(directory / "api-cert.pem", directory / name)
    with (directory / "server.pem").open("a") as joined:
        joined.write((directory / "api-key.pem").read_text())


def of_runtime(
    name: str, program: Callable[[str], list[str]], loading: dict[str, str], sources: tuple[str, str]
) -> list[Server]:
    """A runtime's servers: plain, with TLS of its own, and with the preload."""
    ports = [free_port() for _ in range(3)]
    plain, secure = sources
    settings = {"TLS_ENABLED": "true", "TLS_CERT_PATH": ".", "TLS_CERT_NAME": "api", "TLS_PORTS": str(ports[2])}
    return [
        Server(f"{name}: plain", program(plain.replace("PORT", str(ports[0]))), {}, ports[0], tls=False),
        Server(f"{name}: its own TLS", program(secure.replace("PORT", str(ports[1]))), {}, ports[1], tls=True),
        Server(
            f"{name}: preload", program(plain.replace("PORT", str(ports[2]))), settings | loading, ports[2], tls=True
        ),
    ]


def sidecar(before: Server, directory: Path) -> Server:
    """Haproxy before a plain server, with the configuration of the sidecar."""
    from aicos_tls.serving.sidecar import Sidecar, haproxy_config

    port = free_port()
    one = Sidecar(service="api", short_name="api", ports=((before.port, port),), name="api-tls")
    file = directory / f"{port}.cfg"
    file.write_text(haproxy_config(one).replace("/run/tls", str(directory)))
    name = before.name.replace("plain", "sidecar")
    return Server(name, ["haproxy", "-db", "-f", str(file)], {}, port, tls=True)


@contextlib.contextmanager
def running(servers: list[Server], directory: Path) -> Iterator[None]:
    """Run them all until each accepts connections."""
    with contextlib.ExitStack() as stack:
        for server in servers:
            process = stack.enter_context(
                subprocess.Popen(
                    server.words, cwd=directory, env=os.environ | server.variables, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(process.terminate)
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                    break
                if time.monotonic() > deadline or process.poll() is not None:
                    sys.exit(f"{server.name} does not start")
                time.sleep(0.05)
        yield


def connect(server: Server, context: ssl.SSLContext) -> http.client.HTTPConnection:
    """A connection to a server that has answered one request."""
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
        if server.tls
        else http.client.HTTPConnection("localhost", server.port, timeout=10)
    )
    ask(connection)
    return connection


def ask(connection: http.client.HTTPConnection) -> None:
    """One request; an answer that is not the expected one ends the benchmark."""
    connection.request("GET", "/")
    if connection.getresponse().read() != b"hello":
        sys.exit("a wrong answer")


def throughput(server: Server, context: ssl.SSLContext) -> float:
    """Requests a second."""
    counts = [0] * CONNECTIONS
    connections = [connect(server, context) for _ in counts]
    end = time.perf_counter() + SECONDS

    def work(at: int) -> None:
        while time.perf_counter() < end:
            ask(connections[at])
            counts[at] += 1

    threads = [threading.Thread(target=work, args=(at,)) for at in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()
    return sum(counts) / SECONDS


def kept(server: Server, context: ssl.SSLContext) -> float:
    """Milliseconds of a request on a kept connection."""
    with contextlib.closing(connect(server, context)) as connection:
        return statistics.median(milliseconds(lambda: ask(connection)) for _ in range(100))


def new(server: Server, context: ssl.SSLContext) -> float:
    """Milliseconds of a request with its own connection."""
    return statistics.median(milliseconds(lambda: connect(server, context).close()) for _ in range(20))


def milliseconds(work: Callable[[], None]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        certificates(directory)
        context = ssl.create_default_context(cafile=str(directory / "ca-cert.pem"))
        python = (PYTHON.replace("TLS", "None"), PYTHON_TLS + PYTHON.replace("TLS", "context"))
        groups = [
            of_runtime(
                "Node",
                lambda code: ["node", "-e", code],
                {"NODE_OPTIONS": f"--require {RUNTIME}/node/preload.cjs"},
                (NODE, NODE_TLS),
            ),
            of_runtime(
                "Python",
                lambda code: [sys.executable, "-c", f"{code}asyncio.run(main())"],
                {"PYTHONPATH": f"{RUNTIME}/python"},
                python,
            ),
        ]
        groups = [[*group, sidecar(group[0], directory)] for group in groups]
        servers = [server for group in groups for server in group]
        with running(servers, directory):
            measures = (throughput, kept, new)
            rounds = [{s.name: [measure(s, context) for measure in measures] for s in servers} for _ in range(ROUNDS)]
        print(f"{'(medians; in brackets: to plain)':<34}{'requests/s':>18}{'kept, ms':>18}{'new, ms':>18}")
        for group in groups:
            for server in group:
                print_line(server.name, group[0].name, rounds)


def print_line(name: str, plain: str, rounds: list[dict[str, list[float]]]) -> None:
    """A line of the table: each figure, and the median of its ratios to plain HTTP in the same round."""
    cells = []
    for at in range(3):
        figure = statistics.median(row[name][at] for row in rounds)
        ratio = statistics.median(row[name][at] / row[plain][at] for row in rounds)
        cells.append(f"{figure:10.2f} ({ratio:4.2f})")
    print(f"{name:<34}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
