"""Private keys in images: a build whose context holds the certificates directory, and which copies it.

What `.dockerignore` leaves out is not sent to the builder. An image that holds a key gives it to whoever pulls the
image, and keeps serving it where nothing is mounted over it.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls.doctor.model import Finding
from aicos_tls.errors import TlsError, Where
from aicos_tls.files import read as read_file
from aicos_tls.files import read_if_there
from aicos_tls.pki import CA_NAME
from aicos_tls.pki.layout import key_path
from aicos_tls.sources import copied
from aicos_tls.sources.build import build_of
from aicos_tls.sources.dockerignore import candidates, docker_rules
from aicos_tls.sources.dockerlines import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts
    from aicos_tls.sources.build import Build
    from aicos_tls.sources.dockerlines import Instruction


def check(facts: Facts) -> Iterator[Finding]:
    """Yield the instructions that copy private keys, of every service that is built here, in scope or not."""
    for service in facts.project.services.values():
        build = build_of(service, facts.directory)
        if build is not None and not build.problem:
            try:
                yield from _of_build(facts, service, build)
            except TlsError:
                continue  # a file that cannot be read: docker compose says so itself


def _of_build(facts: Facts, service: Service, build: Build) -> Iterator[Finding]:
    context = os.path.realpath(build.context)
    certs = PurePosixPath(os.path.relpath(os.path.realpath(facts.certs), context))
    if certs.parts[:1] in ((), ("..",)):
        return
    own, general = candidates(build.context, build.dockerfile)
    ignore = read_if_there(own) or read_if_there(general)
    rules = docker_rules(ignore.text if ignore else "")
    names = [CA_NAME, *(wanted.short_name for wanted in facts.plan.certificates)]
    keys = [certs / key_path(Path(), name).name for name in names]
    sent = [key for key in keys if not rules.says(key, directory=False)]
    file = read_file(build.dockerfile)
    for row in read(file.text):
        if any(_copies(row, key) for key in sent):
            text = f"{row.name} {row.value} takes the private keys of {certs}/ into the image"
            goal = os.path.relpath(ignore.path if ignore else general, facts.directory)
            yield Finding(
                "key-in-image", text, f"add this line to {goal}: {certs}", Where(file.path, row.line), service.name
            )
            return


def _copies(row: Instruction, key: PurePosixPath) -> bool:
    without = docker_rules("\n".join(copied.excluded(row)))
    for source in copied.sources(row):
        if copied.is_copied(key, (source,)):
            below = key.relative_to(source) if key.is_relative_to(source) else PurePosixPath(key.name)
            if not without.says(below, directory=False):
                return True
    return False
