"""A Docker engine for the live tests: the one that answers, else a private one that is started for them.

The private one comes from the folder of the variable AICOS_TLS_LIVE (default: `../shared/live` of the repository),
which brings an engine and stand-in images, and needs root. Its state lies in AICOS_TLS_LIVE_STATE where that is set and
stays there, else in a temporary folder that all runs of a user share, and that goes with the last of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
START, IMAGES, PULL, ANSWER = 120, 900, 300, 20
"""Seconds: to start an engine, to make all images, to pull one, to answer."""
STAND_INS = {
    "python:3.11-slim": "live/python:3.11-slim",
    "node:20-alpine": "live/node:alpine",
    "golang:1.23-alpine": "live/golang:alpine",
    "nginx:alpine": "live/nginx:alpine",
    "postgres:15-alpine": "live/postgres:alpine",
    "redis:7-alpine": "live/redis:alpine",
    "mariadb:10-focal": "live/mariadb:debian",
    "alpine:latest": "live/alpine:base",
    "alpine:3.22": "live/alpine:base",
}


class NoEngine(Exception):  # noqa: N818 - it is a reason to skip
    """Why there is no engine to test with."""


@dataclass(frozen=True)
class Engine:
    """An engine that answers. `environment` leads to it."""

    environment: dict[str, str]
    private: Path | None = None
    state: Path | None = None

    @property
    def builds_on_host(self) -> bool:
        """Whether builds need the network of the host: a private engine, or AICOS_TLS_LIVE_BUILDS=host says so."""
        return self.private is not None or os.environ.get("AICOS_TLS_LIVE_BUILDS") == "host"

    def docker(self, *arguments: str, timeout: float = ANSWER) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *arguments], env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    def need(self, *images: str) -> None:
        """Have these images there: pulled, or made as stand-ins. Raises `NoEngine` when they cannot be had."""
        lacking = [image for image in images if self.docker("image", "inspect", image).returncode]
        if lacking and self.private and self.state:
            names = ["live/alpine:base", "live/probe:latest", *(STAND_INS[image] for image in lacking)]
            with (self.state / "images.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # whoever makes them ends within `IMAGES`
                # its status tells of names for images that were not asked for, too: what is there is looked at below
                said = _run([self.private / "images", self.state, *names], IMAGES, self.environment, check=False)
                _run([self.private / "stack", "tag", self.state, *lacking], START, self.environment, check=False)
            lacking = [image for image in lacking if self.docker("image", "inspect", image).returncode]
            if lacking:
                raise NoEngine(f"{', '.join(lacking)} could not be made: {said}")
        for image in lacking:
            if self.docker("pull", "--quiet", image, timeout=PULL).returncode:
                raise NoEngine(f"no image {image} here, and it cannot be had")


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """The engine to test with; raises `NoEngine` with what is missing."""
    if not shutil.which("docker"):
        raise NoEngine("there is no docker command line")
    there = Engine(dict(os.environ))
    with contextlib.suppress(subprocess.TimeoutExpired):
        if not there.docker("version").returncode:
            yield there
            return
    if os.environ.get("DOCKER_HOST"):
        raise NoEngine(f"no engine answers at DOCKER_HOST={os.environ['DOCKER_HOST']}")
    with _private() as started:
        yield started


@contextlib.contextmanager
def _private() -> Iterator[Engine]:
    folder = Path(os.environ.get("AICOS_TLS_LIVE") or ROOT.parent / "shared/live")
    if not (folder / "engine").exists():
        raise NoEngine(f"no Docker engine answers, and {folder} has none to start (AICOS_TLS_LIVE)")
    if sys.platform != "linux" or os.geteuid():
        raise NoEngine("no Docker engine answers, and a private one needs root on Linux")
    lacking = [name for name in ("dockerd", "debootstrap", "iptables", "ip") if not shutil.which(name)]
    if lacking:
        raise NoEngine(f"a private Docker engine needs {', '.join(lacking)}")
    named = os.environ.get("AICOS_TLS_LIVE_STATE")
    state = Path(named or Path(tempfile.gettempdir()) / f"aicos-tls-live-{os.geteuid()}").absolute()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with state.with_name(state.name + ".lock").open("w") as lock:
        _locked(lock.fileno())
        ours = _started(folder, state)
        fcntl.flock(lock, fcntl.LOCK_SH)  # others may use it with us
        try:
            yield ours
        finally:
            _leave(folder, state, lock.fileno(), keep=bool(named))


def _locked(lock: int) -> None:
    """Wait for whoever is starting the engine or making its images."""
    deadline = time.monotonic() + IMAGES
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return  # it runs already, and others use it
        if time.monotonic() > deadline:
            raise NoEngine("another run has been starting the private engine for too long")
        time.sleep(0.5)  # a lock that is waited for without a limit cannot be given up


def _started(folder: Path, state: Path) -> Engine:
    host = f"unix://{state}/dk/docker.sock"
    environment = {**os.environ, "DOCKER_HOST": host, "PATH": f"{state}/bin:{os.environ['PATH']}"}
    found = Engine({**environment, "DOCKER_BUILDKIT": "1", "COMPOSE_BAKE": "false"}, folder, state)
    if not found.docker("version").returncode:
        return found
    if not subprocess.run(["ip", "link", "show", "live0"], capture_output=True, check=False).returncode:
        raise NoEngine("another private engine has the bridge live0: name its folder with AICOS_TLS_LIVE_STATE")
    _run([folder / "engine", "start", state], START, dict(os.environ))
    (state / "started-by-tests").touch()
    return found


def _leave(folder: Path, state: Path, lock: int, *, keep: bool) -> None:
    """Stop the engine when the tests started it and nobody else uses it; a temporary state folder goes with it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if (state / "started-by-tests").exists():
        _run([folder / "engine", "stop", state], START, dict(os.environ))
        (state / "started-by-tests").unlink()
        if not keep:
            shutil.rmtree(state, ignore_errors=True)


def _run(command: list[Path | str], timeout: float, environment: dict[str, str], *, check: bool = True) -> str:
    """Run a script of the private engine; returns the end of what it said on stderr. Raises `NoEngine`."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoEngine(f"{command[0]} did not end within {timeout} s") from None
    said = " / ".join(done.stderr.strip().splitlines()[-3:])[-300:]
    if check and done.returncode:
        raise NoEngine(f"{command[0]} failed: {said}")
    return said
