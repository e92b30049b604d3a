"""Processes of changed services: certificates, a free port, and what they answer."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from live.leaves import write_authority, write_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE = 40  # seconds until a server has to answer


def issue(directory: Path, name: str, host: str) -> Path:
    """Make a CA in `directory`, unless there is one, and a leaf for `host` and localhost."""
    if not (directory / "ca-cert.pem").exists():
        write_authority(directory)
    write_leaf(directory, name, (host, "localhost"), signer=directory, addresses=("127.0.0.1",))
    return directory


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextlib.contextmanager
def running(words: Sequence[str], directory: Path, variables: Mapping[str, str], port: int) -> Iterator[Path]:
    """Run a server until it accepts connections; yields the file that has its output."""
    output = directory / f"output-{port}"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
    with output.open("wb") as stream:
        process = subprocess.Popen(words, cwd=directory, env=environment, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.05)  # the process cannot tell when it listens
        yield output
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answer(port: int, path: str, host: str, context: ssl.SSLContext | None) -> bytes:
    """The status line that a GET gets, over TLS as `host` when a context is given."""
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
        if context is not None:
            stream = stack.enter_context(context.wrap_socket(stream, server_hostname=host))
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return stream.makefile("rb").readline().strip()


def trusting(directory: Path) -> ssl.SSLContext:
    """Verification by nothing but the CA of `directory`."""
    return ssl.create_default_context(cafile=str(directory / "ca-cert.pem"))


def assert_serves_https(port: int, path: str, host: str, certificates: Path) -> None:
    """The server answers over TLS, as `host`, to those who trust the CA, and to nobody else."""
    assert answer(port, path, host, trusting(certificates)).split()[1:2] == [b"200"]
    try:
        answer(port, path, host, ssl.create_default_context())
    except ssl.SSLCertVerificationError:
        pass
    else:
        raise AssertionError("a client without the CA was answered")
    try:
        plain = answer(port, path, host, None)
    except OSError:
        plain = b""
    assert plain.split()[1:2] != [b"200"], "plain HTTP was answered"


def fetch(port: int, path: str, host: str, context: ssl.SSLContext | None, data: bytes | None = None) -> bytes:
    """The body of a GET, or of a POST of `data`, over TLS as `host` when a context is given; the status must be 200."""
    connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.sock = socket.create_connection(("127.0.0.1", port), 20)
    if context is not None:
        connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
    with contextlib.closing(connection):
        connection.request("GET" if data is None else "POST", path, data)
        response = connection.getresponse()
        body = response.read()
    assert response.status == 200, body
    return body


def own_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # no packet is sent
        address: str = probe.getsockname()[0]
        return address


def is_refused(address: str, port: int) -> bool:
    """Whether plain HTTP gets no answer at all."""
    try:
        with socket.create_connection((address, port), 10) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"HTTP/1." not in stream.makefile("rb").read()
    except OSError:
        return True


def until(holds: Callable[[], object]) -> None:
    """Ask until it holds; each question takes its time."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline


def is_answered(port: int, certificates: Path) -> bool:
    """Whether the server shakes hands with a client that trusts the CA."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as stream:
            trusting(certificates).wrap_socket(stream, server_hostname="localhost").close()
    except OSError:
        return False
    return True


def reset(port: int, data: bytes) -> None:
    """Send something and go away with a reset."""
    with socket.create_connection(("127.0.0.1", port), 10) as stream:
        stream.sendall(data)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def serial(port: int, host: str, context: ssl.SSLContext) -> str:
    """The serial number of the certificate that a new connection gets."""
    stream = socket.create_connection(("127.0.0.1", port), 10)
    with context.wrap_socket(stream, server_hostname=host) as secure:
        certificate = secure.getpeercert()
        assert certificate
        return str(certificate["serialNumber"])


def _replace(certificates: Path, new: Path, name: str, *, by_rename: bool) -> None:
    for part in ("key", "cert"):
        source, target = new / f"{name}-{part}.pem", certificates / f"{name}-{part}.pem"
        if by_rename:
            source.replace(target)
        else:
            target.write_bytes(source.read_bytes())


def renew_under_load(port: int, certificates: Path, name: str, host: str, times: int) -> int:
    """Renew a server's certificate so many times while two clients ask; each new one must come to be served.

    Returns the number of requests, of which none failed.
    """
    context = trusting(certificates)
    new = certificates.with_name(f"{certificates.name}-new")
    new.mkdir()
    for file in certificates.glob("ca-*.pem"):
        shutil.copy(file, new)
    done = threading.Event()
    requests: list[BaseException | None] = []

    def ask() -> None:
        while not done.is_set():
            try:
                fetch(port, "/", host, context)
                requests.append(None)
            except Exception as error:  # noqa: BLE001 - every failure counts
                requests.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        for turn in range(times):
            before = serial(port, host, context)
            issue(new, name, host)
            _replace(certificates, new, name, by_rename=turn % 2 == 0)
            deadline = time.monotonic() + PATIENCE
            while serial(port, host, context) == before:
                assert time.monotonic() < deadline, "the renewed certificate is not served"
    finally:
        done.set()
        for client in clients:
            client.join()
    assert [error for error in requests if error is not None] == []
    return len(requests)
