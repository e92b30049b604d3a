"""Files of trusted certificates that a variable names already: theirs and the project's CA, in one file of the run.

`NODE_EXTRA_CA_CERTS=/etc/ssl/corporate.pem` cannot name two files, so the run writes one that holds both into the
certificates directory and has the variable name that. It can where their file comes from the project: by a bind mount,
or copied into the image. Only certificates are taken from it, never a key. Where it lies in an image or a volume,
theirs stays and it is said. `SSL_CERT_DIR` is a list of directories: the CA's is added at its end (OpenSSL,
X509_get_default_cert_dir_env; Go, crypto/x509).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.settings import setting as compose_setting
from aicos_tls.errors import TlsError
from aicos_tls.files import is_directory, is_file, read
from aicos_tls.plan.model import Declined
from aicos_tls.serving.model import Merge, Setting
from aicos_tls.sources.build import is_inside
from aicos_tls.sources.copied import destination, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aicos_tls.serving.model import Place
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.project import ServiceSources

OTHERS = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""Variables that name all that is trusted, of runtimes that have no way to add to it; without one nothing is set."""
MAX_BYTES = 1024 * 1024
"""Larger files are no list of certificates (Mozilla's roots are a quarter of that)."""
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Bundle(Struct, frozen=True):
    """A file to write: its name in the certificates directory, and what it holds before the CA's certificate (PEM)."""

    name: str
    theirs: str
    source: Path


def merged(service: ServiceSources, setting: Setting, place: Place) -> tuple[Setting | None, Bundle | None, str]:
    """The setting that names theirs and ours, the file for it, and why there is none.

    A variable that is not set yet gets the setting as it is.
    """
    value = _value(service, setting.name)
    if not value or value == setting.value:
        return setting, None, ""
    theirs, reason = _theirs(service, value)
    if theirs is None:
        return None, None, reason
    name = f"{place.short_name}-{setting.name.lower().replace('_', '-')}.pem"
    return (
        Setting(setting.name, f"{place.mount_path}/{name}", Merge.HELD),
        Bundle(name, _certificates(theirs), theirs),
        "",
    )


def others(service: ServiceSources, place: Place) -> tuple[Setting, ...]:
    """A setting for each variable of the service that names all that is trusted."""
    return tuple(Setting(name, place.ca, Merge.BUNDLE) for name in OTHERS if _value(service, name))


def declined(service: ServiceSources, setting: Setting, reason: str, place: Place) -> Declined:
    """What is said where theirs cannot be read: it stays, and the CA is not trusted."""
    name, value = setting.name, _value(service, setting.name)
    variable = service.service.environment.get(name)
    own = compose_setting(service.service, name)
    value = own.shown if own else value
    return Declined(
        "variables",
        service.service.name,
        variable.where if variable else service.service.where,
        f"{name} names {value}, which {reason}: it stays, and its clients do not trust the CA",
        f"put {place.ca} and {value} into one file, mount it, and name it:\n      - {name}=/path/of/that/file.pem",
    )


def _value(service: ServiceSources, name: str) -> str:
    """What a variable comes to now: in the compose file, else in an env file, else in the image."""
    variable = service.service.environment.get(name)
    if variable is not None and variable.value is not None:
        return service.service.expand(variable.value) or variable.value
    for file in reversed(service.service.env_files):
        if found := file.values.get(name):
            return found
    return service.stage.environment.get(name, "") if service.stage else ""


def _theirs(service: ServiceSources, value: str) -> tuple[Path | None, str]:
    """The file of the project that a path in the container is; or why there is none."""
    if not value.startswith("/") or "$" in value:
        return None, "is no path that can be known here"
    for path in _candidates(service, posixpath.normpath(value)):
        if not is_inside(path, service.root):
            return None, "lies outside of the project"
        if is_file(path):
            reason = "" if _certificates(path) else "holds no certificate (PEM) that can be read"
            return (None if reason else path), reason
    return None, "lies in an image or a volume, where it cannot be read"


def _candidates(service: ServiceSources, value: str) -> Iterator[Path]:
    """Yield what may be a path of the container on this machine: mounted first, which covers what was copied."""
    for mount in service.service.mounts:
        source = service.service.expand(mount.source) or ""
        target = (service.service.expand(mount.target) or "").rstrip("/")
        if source.startswith((".", "/")) and target and (value == target or value.startswith(f"{target}/")):
            yield mount.layer.source.base / source / value.removeprefix(target).lstrip("/")
            return
    if service.stage is not None and service.build is not None:
        for inner in _copied(service.stage, service.build.context, value):
            if destination(service.stage, inner) == value:
                yield service.build.context / inner


def _copied(stage: Stage, context: Path, value: str) -> Iterator[PurePosixPath]:
    """Yield the files of the build context that a COPY may have brought to a path: a directory brings what is in it."""
    parts = PurePosixPath(value).parts[1:]
    for instruction in stage.instructions:
        for pattern in sources(instruction):
            yield PurePosixPath(pattern)
            if is_directory(context / pattern):
                yield from (PurePosixPath(pattern, *parts[at:]) for at in range(len(parts)))


def _certificates(path: Path) -> str:
    """The certificates of a PEM file, one after the other; empty when there are none, or it cannot be read."""
    try:
        file = read(path)
        if len(file.raw) > MAX_BYTES:
            return ""
        return "".join(f"{match[0]}\n" for match in _CERTIFICATE.finditer(file.text))
    except TlsError:
        return ""
