"""Who sees private keys: git, and the containers that the CA's key is mounted into."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from aicos_tls.doctor.facts import expanded
from aicos_tls.doctor.model import Finding
from aicos_tls.errors import Where
from aicos_tls.pki import CA_NAME
from aicos_tls.pki.layout import key_path
from aicos_tls.plan.gitignore import NAME as GITIGNORE
from aicos_tls.plan.gitignore import is_ignored, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aicos_tls.compose.model import Service
    from aicos_tls.doctor.facts import Facts

_SECONDS = 10
"""How long git may take to list a directory."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield keys that git sees or has, and the services that can read the CA's key."""
    yield from _git(facts)
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


def _git(facts: Facts) -> Iterator[Finding]:
    root = repository(facts.directory)
    if root is None or not os.path.realpath(facts.certs).startswith(f"{root}/") or not facts.certs.is_dir():
        return
    name = facts.certs.name
    tracked = [path for path in _tracked(facts.certs) if path.endswith("-key.pem")]
    if tracked:
        text = f"git has {len(tracked)} private keys: {', '.join(tracked)}"
        todo = f"git rm -r --cached {name}; whoever has the repository has them: aicos-tls certs issue --force"
        yield Finding("key-in-git", text, todo, Where(facts.certs / tracked[0]))
    elif not is_ignored(root, facts.certs):
        text = f"git does not ignore {name}: the next `git add` takes the private keys along"
        todo = f"echo '{name}/' >> {GITIGNORE}"
        yield Finding("key-in-git", text, todo, Where(facts.directory / GITIGNORE))


def _tracked(directory: Path) -> list[str]:
    """The files of a directory that git has, by name; none where git cannot say."""
    command = ("git", "-c", "core.quotePath=false", "ls-files", "-z", "--", ".")
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return [name for name in done.stdout.decode("utf-8", "replace").split("\0") if name]
