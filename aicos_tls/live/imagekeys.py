"""Private keys in the images of a running stack: looked for where a build that had them would have put them.

Nothing runs for it and nothing is written: a container that is made of the image, and never started, lets its files be
read (Engine API, "Get an archive of a filesystem resource in a container"). A running container would not do: what is
mounted into it hides what the image has there. Looked at are the places that the Dockerfile copies the certificates
to, and the usual ones; what lies elsewhere, or was removed by a later instruction, is not seen.
"""

from __future__ import annotations

import io
import posixpath
import subprocess
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.live.docker import PATIENCE
from aicos_tls.live.model import Check, State
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.keepout import sendings
from aicos_tls.sources.placed import placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.live.docker import Docker
    from aicos_tls.live.stack import Stack
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.keepout import Sending

BYTES = 16 * 1024 * 1024
"""Most that is read of one place of an image: a certificates directory holds a few dozen small files."""
HEAD = 64 * 1024
"""Bytes of a file that are read to see whether it is a key."""
_ID = "image-keys"
_MARK = b"PRIVATE KEY-----"
"""What every private key in PEM form begins with, whatever its kind (RFC 7468, section 10 and 13)."""


class _Found(Struct, frozen=True):
    """The keys in an image with their paths, or why it could not be looked at."""

    keys: tuple[str, ...] = ()
    problem: str = ""


def image_keys(docker: Docker, plan: Plan, stack: Stack) -> dict[str, Check]:
    """A check for each container whose image is built here, by the identifier of the container."""
    certs = plan.project.directory / plan.policy.certs_dir
    sending = {each.service.name: each for each in sendings(plan.project, certs)}
    built = [c for c in stack.containers if (s := plan.project.services.get(c.service)) and s.builds]
    looked = {c.image: _places(plan, sending[c.service]) for c in built if c.service in sending}
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(looked, pool.map(lambda image: _look(docker, image, looked[image]), looked), strict=True))
    checks = {}
    for container in built:
        if container.service in sending:
            checks[container.id] = _check(container.service, found[container.image], looked[container.image])
        else:
            words = "its build context does not hold the certificates: its image was not looked at"
            checks[container.id] = Check(_ID, State.SKIPPED, words)
    return checks


def _check(service: str, found: _Found, looked: tuple[str, ...]) -> Check:
    if found.problem:
        return Check(_ID, State.UNKNOWN, f"its image cannot be looked at for keys: {found.problem}")
    if found.keys:
        todo = (
            f"aicos-tls enable, then docker compose build {service}, docker compose up -d {service}; "
            "whoever has the image has the keys: aicos-tls certs issue --force"
        )
        return Check(_ID, State.FAILED, f"its image holds private keys: {', '.join(found.keys)}", todo)
    words = f"no private key in its image at {', '.join(looked)}; other places were not looked at"
    return Check(_ID, State.OK, words)


def _places(plan: Plan, sending: Sending) -> tuple[str, ...]:
    """The directories of an image where the certificates would be."""
    key = sending.certs / "ca-key.pem"
    try:
        stage = parse(TextFile(sending.dockerfile, sending.text.encode()), sending.target, sending.args)
        found = [posixpath.dirname(path) for path in placed(stage, key)]
    except TlsError:
        found = []  # docker compose says so itself
    usual = (plan.policy.mount_path, f"/{sending.certs}", f"/app/{sending.certs}", f"/usr/src/app/{sending.certs}")
    return tuple(dict.fromkeys((*found, *usual)))


def _look(docker: Docker, image: str, looked: tuple[str, ...]) -> _Found:
    made = docker.run("create", "--pull", "never", "--network", "none", "--entrypoint", "/none", image)
    identifier = made.out.strip()
    if made.code or not identifier:
        return _Found(problem=made.last)
    try:
        return _Found(tuple(sorted({path for place in looked for path in _keys(docker, identifier, place)})))
    except (tarfile.TarError, OSError) as error:
        return _Found(problem=str(error))
    finally:
        docker.run("rm", "--force", "--volumes", identifier)


def _keys(docker: Docker, container: str, place: str) -> Iterator[str]:
    """Yield the private keys below a directory of a container's files; nothing where it has none.

    Raises `OSError` or `tarfile.TarError` for what cannot be looked at as a whole.
    """
    data = _archive(docker, f"{container}:{place}")
    if not data:
        return
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and member.name.endswith(".pem") else None
            if file and _MARK in file.read(HEAD):
                yield posixpath.join(posixpath.dirname(place), member.name)


def _archive(docker: Docker, path: str) -> bytes:
    """The files below a path of a container; empty where there is no such path."""
    with subprocess.Popen(  # noqa: S603 - the arguments are ours
        [docker.command, "cp", path, "-"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=docker.environment,
    ) as process:
        clock = threading.Timer(PATIENCE, process.kill)
        clock.start()
        try:
            data = process.stdout.read(BYTES + 1) if process.stdout else b""
        finally:
            clock.cancel()
            process.kill()
    if len(data) > BYTES:
        raise OSError(f"{path.partition(':')[2]} holds more than {BYTES // 2**20} MiB")
    return data
