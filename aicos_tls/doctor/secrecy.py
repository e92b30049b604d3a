"""Who sees private keys: git, and the containers that the CA's key is mounted into."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from aicos_tls.doctor.facts import expanded
from aicos_tls.doctor.git import tracked
from aicos_tls.doctor.model import Finding
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME
from aicos_tls.pki.layout import key_path
from aicos_tls.plan.gitignore import NAME as GITIGNORE
from aicos_tls.plan.gitignore import hides_keys, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts


def check(facts: Facts) -> Iterator[Finding]:
    """Yield keys that git sees or has, and the services that can read the CA's key."""
    yield from exposed(facts.directory, facts.certs)
    key = key_path(facts.certs, CA_NAME)
    if os.path.lexists(key) and (seeing := [s.name for s in facts.project.services.values() if _sees(facts, s)]):
        who = seeing[0] if len(seeing) == 1 else f"{len(seeing)} services"
        text = f"{who} can read the CA's private key, and with it be anybody"
        todo = f"move {key.parent.name}/{key.name} to a safe place; it is needed again only to issue"
        yield Finding("ca-key-mounted", text, todo, Where(key))


def _sees(facts: Facts, service: Service) -> bool:
    """Whether the certificates directory, or one above it, is mounted in a service at any place."""
    certs = os.path.realpath(facts.certs)
    for mount in service.mounts:
        source = expanded(service, mount.source)
        if facts.is_certificates(mount.layer.source.base, source):
            return True
        if source.startswith((".", "/")):
            real = os.path.realpath(mount.layer.source.base / source)
            if certs.startswith(real.rstrip("/") + "/"):
                return True
    return False


def exposed(directory: Path, certs: Path) -> Iterator[Finding]:
    """Yield the finding that git sees, or has, the private keys of the directory `certs` of a project."""
    root = repository(directory)
    if root is None or not os.path.realpath(certs).startswith(f"{root}/") or not certs.is_dir():
        return
    name = os.path.relpath(certs, directory)
    keys = [path for path in tracked(certs) if path.endswith("-key.pem")]
    if keys:
        text = f"git has {len(keys)} private keys: {', '.join(keys)}"
        command = f"git --literal-pathspecs rm -r --cached -- {shlex.quote(name)}"
        todo = f"{command}; whoever has the repository has them: aicos-tls certs issue --force"
        yield Finding("key-in-git", text, todo, Where(certs / keys[0]))
    elif not hides_keys(root, certs):
        text = f"git does not ignore {name}: the next `git add` takes the private keys along"
        todo = f"printf '%s\\n' '*' > {shlex.quote(f'{name}/{GITIGNORE}')}"
        yield Finding("key-in-git", text, todo, Where(directory / GITIGNORE))
