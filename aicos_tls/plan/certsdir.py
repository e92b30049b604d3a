"""Where the certificates directory may be: in the project, unless the command line asks for another place.

A setting in the repository must not lead out of it, be it through a link: whoever can push a branch would have keys
written over somebody's, and files of the machine mounted into containers.
"""

from __future__ import annotations

import os
from pathlib import Path

from aicos_tls.errors import TlsError, Where


def leads_out(directory: Path, certs_dir: str) -> bool:
    """Whether `certs_dir`, symbolic links followed, lies outside of the project `directory`."""
    return not Path(os.path.realpath(directory / certs_dir)).is_relative_to(os.path.realpath(directory))


def check_certs_dir(directory: Path, certs_dir: str, where: Where, *, asked: bool) -> None:
    """Raise `TlsError` for a certificates directory that is none; `asked` when the command line names it."""
    real, root = Path(os.path.realpath(directory / certs_dir)), Path(os.path.realpath(directory))
    if root.is_relative_to(real):
        raise TlsError(
            f"{certs_dir!r} cannot be the certificates directory: the project lies in it, all of it would be mounted "
            "in every service, and nothing would keep the keys out of git",
            where=where,
            hint="a directory for the certificates alone: --certs-dir ./certs",
        )
    closed = next((part for part in real.parts if part.lower() in (".git", ".aicos-tls")), "")
    if closed:
        raise TlsError(f"{certs_dir!r} cannot be the certificates directory: it lies in {closed}", where=where)
    if leads_out(directory, certs_dir) and not asked:
        raise TlsError(
            f"the certificates directory {certs_dir!r} leads to {real}, outside of the project",
            where=where,
            hint=f"a file of the repository cannot ask for that; if you do: --certs-dir {certs_dir}",
        )
