"""Which files of a record are taken back: those of which digests prove every byte, and those that the project names.

Named are the compose files, the `.env` and `env_file`s, and what is built or mounted: Dockerfiles, sources, nginx
configurations. The project is loaded only when digests do not settle it: a file was edited since, or it is an env file,
of which there are none.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aicos_tls import files, rollback
from aicos_tls.errors import TlsError
from aicos_tls.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aicos_tls.compose.dotenv import EnvFile
    from aicos_tls.compose.model import Project
    from aicos_tls.files import TextFile
    from aicos_tls.rollback import FileRecord, Outcome, Record, Undo

_KIND = re.compile(
    r"(?!.*-key\.pem$)(?:.*/)?(?:"
    r"[^/]*\.(?:ya?ml|json|js|mjs|cjs|jsx|ts|mts|cts|tsx|py|go|dockerfile|sh|cfg"
    r"|conf|nginx|nginxconf|vhost|location|inc|template|tmpl|caddy)"
    r"|[^/]*(?:Dockerfile|Containerfile|nginx|haproxy|Caddyfile)[^/]*|\.gitignore|[^/]*\.dockerignore"
    r"|(?:sites-available|sites-enabled|conf\.d|caddy)/[^/]*)",
    re.IGNORECASE,
)
"""Paths of files that a run changes or makes: compose files, Dockerfiles, sources, and configurations of proxies."""
_IN_A_BUILD = re.compile(
    r"(?!.*-key\.pem$)(?:.*/)?(?:\.?air\.toml|(?:GNU)?makefile|[^/]*\.(?:mk|bash|pem))", re.IGNORECASE
)
"""Paths of what it changes besides, only where the project builds or mounts it. A private key is none."""
_ENV_NAME = re.compile(r"(?:.*\.)?env(?:\..*)?", re.IGNORECASE)


class Admission:
    """What may be done to the files of `record`, which was read from `path`."""

    def __init__(self, directory: Path, record: Record, path: Path) -> None:
        self._directory = directory
        self._record = record
        self._path = path

    def check(self, found: Undo, read: Callable[[str], bytes | None]) -> None:
        """Raise `TlsError` for the first file that is none of the project's, or not one that a run changes."""
        for index, (file, outcome) in enumerate(zip(self._record.files, found.outcomes, strict=True)):
            current = read(file.path)
            if current is not None and (reason := self._reason(file, current, outcome)):
                raise rollback.refusal(f"{file.path} {reason} - at `$.files[{index}]`", self._path)

    def _reason(self, file: FileRecord, current: bytes, outcome: Outcome) -> str:
        """Why a file is not taken back; empty when it may be."""
        if file.kind == "env":
            return self._env_reason(file, current, outcome)
        name = PurePosixPath(file.path).name
        proven = sha256(current) in (file.before, file.after)
        is_source = _KIND.fullmatch(file.path) is not None  # `env.ts` is no file of variables
        if (_ENV_NAME.fullmatch(name) and not is_source) or (not proven and self._real(file.path) in self._env_files):
            return "is a file of variables, of which no whole lines are kept or shown"
        if proven and is_source:
            return ""
        return "" if self._is_named(file.path, current) else "is named by no compose file of the project"

    def _env_reason(self, file: FileRecord, current: bytes, outcome: Outcome) -> str:
        """Only what a plan of today could put into an env file is taken out of it."""
        if self._real(file.path) not in self._env_files:
            return "is no env file of the project"
        old = outcome.data if isinstance(outcome, rollback.Restored | rollback.Merged) else current
        if old is None or old == current:
            return ""
        inserted = rollback.insertions(old, current) or ()
        shift, places = 0, set()
        for at, text in inserted:
            places.add(at - shift)
            shift += len(text)
        known = self._insertable(file.path, old)
        return "" if places <= known else "says that an address was changed which is none of a service of the project"

    def _insertable(self, path: str, old: bytes) -> set[int]:
        """Where (bytes) the addresses of services, and their schemes, stand in an env file with the text `old`."""
        from aicos_tls.compose.dotenv import EnvFile
        from aicos_tls.compose.load import load
        from aicos_tls.plan.references import references
        from aicos_tls.plan.schemes import SchemeVariable, scheme_variables
        from aicos_tls.plan.scope import Decision

        real = self._real(path)

        def before(asked: Path) -> TextFile:
            file = files.read(asked)
            return files.TextFile(asked, old, file.mode, file.real) if os.path.realpath(asked) == real else file

        def is_it(source: object) -> bool:
            return isinstance(source, EnvFile) and os.path.realpath(source.file.path) == real

        project = load(self._compose_files, read=before)
        scope = {name: Decision(name, in_scope=True, reason="") for name in project.services}
        found: set[int] = set()
        for reference in references(project, scope):
            if reference.target and reference.url.plain:
                if is_it(reference.site.source):
                    found |= {reference.site.offset + each.at for each in reference.url.insertions}
                if project.dotenv and is_it(project.dotenv) and reference.url.scheme_name in project.dotenv.bindings:
                    found.add(project.dotenv.bindings[reference.url.scheme_name].end)
        for scheme in scheme_variables(project):
            if isinstance(scheme, SchemeVariable):
                found |= {place.end for place in scheme.setting.places if is_it(place.source)}
        text = files.TextFile(Path(path), old)
        return {len(text.encode(text.text[:at])) for at in found}

    def _real(self, path: str) -> str:
        return os.path.realpath(self._directory / path)

    @cached_property
    def _compose_files(self) -> list[Path]:
        from aicos_tls.commands.records import COMPOSE_FILE, compose_files

        main = self._record.policy.get(COMPOSE_FILE)
        return compose_files(self._directory, self._record) or [self._directory / str(main)]

    @cached_property
    def _project(self) -> Project:
        from aicos_tls.compose.load import load

        return load(self._compose_files)

    @cached_property
    def _env_files(self) -> set[str]:
        found: list[EnvFile] = [env for service in self._project.services.values() for env in service.env_files]
        found += [self._project.dotenv] if self._project.dotenv else []
        return {os.path.realpath(env.file.path) for env in found}

    def _is_named(self, path: str, current: bytes) -> bool:
        """Whether the project reads, builds or mounts the file, or it is one that a run makes.

        What is built or mounted has a name that tells its kind, or is a configuration of a proxy by what stands in it.
        """
        real = self._real(path)
        if real in self._named:
            return True
        within = any(real == place or real.startswith(f"{place}/") for place in self._places)
        return within and (
            (_KIND.fullmatch(real) or _IN_A_BUILD.fullmatch(real)) is not None or _configures_proxy(path, current)
        )

    @cached_property
    def _named(self) -> set[str]:
        return {os.path.realpath(path) for path in self._named_files()}

    def _named_files(self) -> Iterator[Path]:
        from aicos_tls.override.build import override_path
        from aicos_tls.sources.build import build_of

        yield from (source.path for source in self._project.files)
        yield override_path(self._compose_files[0])
        yield self._directory / ".gitignore"
        for service in self._project.services.values():
            build = build_of(service, self._project.directory)
            if build and not build.problem:
                yield build.dockerfile

    @cached_property
    def _places(self) -> set[str]:
        """What reaches containers: build contexts, files and directories that are mounted, what a run made for them."""
        from aicos_tls.sources.build import build_of, is_inside

        found: list[Path] = []
        for service in self._project.services.values():
            build = build_of(service, self._project.directory)
            if build and not build.problem:
                found.append(build.context)
            for mount in service.mounts:
                source = service.expand(mount.source) or ""
                if source.startswith((".", "/")):
                    found.append(mount.layer.source.base / source)
        certs = self._record.policy.get("certs_dir")
        found += [self._directory / certs / "runtime"] if isinstance(certs, str) else []
        root = os.path.realpath(self._directory)
        return {real for path in found if is_inside(path, Path(root)) and (real := os.path.realpath(path))}


def _configures_proxy(path: str, current: bytes) -> bool:
    """Whether a file is a configuration of a proxy, whatever its name."""
    from aicos_tls.files import TextFile
    from aicos_tls.sources.configurations import may_be_configuration
    from aicos_tls.sources.nginx import is_nginx
    from aicos_tls.sources.nginx.parse import NotNginxError, parse

    file, any_name = TextFile(Path(path), current), PurePosixPath("x.conf")
    try:
        if is_nginx(any_name, file.text):
            return bool(parse(file.text).block)
        return may_be_configuration(PurePosixPath(path), file.text)
    except (NotNginxError, TlsError):
        return False
