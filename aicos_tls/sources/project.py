"""The files of a project, once read, and those that belong to each service in scope, with what is known about both."""

from __future__ import annotations

import copy
import os
import stat
from collections import Counter
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls import files
from aicos_tls.compose.urls import host_name
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.sources import copied
from aicos_tls.sources.build import build_of, is_inside
from aicos_tls.sources.concerned import asks_another, files_run
from aicos_tls.sources.configurations import kind_of, may_be_configuration
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.dockerignore import candidates, docker_rules
from aicos_tls.sources.environment import Environment, environment
from aicos_tls.sources.ignored import is_ignored
from aicos_tls.sources.inside import Inside, inside
from aicos_tls.sources.languages import Evidence, languages_of
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.ports import listening
from aicos_tls.sources.runtime import runtime_of
from aicos_tls.sources.start import start_of
from aicos_tls.sources.tree import DEFAULT, Limits, Skipped, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aicos_tls.compose.model import Service
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.build import Build
    from aicos_tls.sources.configurations import Kind
    from aicos_tls.sources.dockerfile import Stage
    from aicos_tls.sources.dockerignore import DockerRules
    from aicos_tls.sources.languages import Language
    from aicos_tls.sources.start import Start


_NO_CONFIGURATION = frozenset({".js", ".ts", ".py", ".go", ".md", ".html", ".css", ".json", ".sh", ".yml", ".yaml"})
"""Endings of files that are something else than a configuration of nginx."""
_ANYBODY_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Sources:
    """The text files of a project, by path from its directory; `skipped` is what was not looked at, and why.

    `originals` are the texts that files had before the last run, by their path from the directory; None for a file that
    was not there. `templates` is a directory with templates that go before those of the program.
    """

    def __init__(
        self,
        plan: Plan,
        limits: Limits = DEFAULT,
        *,
        originals: Mapping[str, bytes | None] | None = None,
        templates: Path | None = None,
    ) -> None:
        self.plan = plan
        self.root = plan.project.directory
        self.templates = templates
        self._originals = originals or {}
        self.files: dict[PurePosixPath, TextFile] = {}
        self.skipped: list[Skipped] = []
        certs = PurePosixPath(os.path.relpath(self.root / plan.policy.certs_dir, self.root))
        for found in walk(self.root, limits=limits):
            path = PurePosixPath(found.path.relative_to(self.root).as_posix())
            if certs.parts and path.is_relative_to(certs):
                continue  # certificates, and what runs write beside them: mounted everywhere, and no code of anybody's
            if isinstance(found, Skipped):
                self.skipped.append(found)
                continue
            data = self._originals.get(path.as_posix(), found.raw)
            if data is not None:
                self.files[path] = found if data == found.raw else replace(found, raw=data)

    def with_texts(self, texts: Mapping[Path, bytes]) -> Sources:
        """The same project with other texts: files that change, and files that are added."""
        changed = copy.copy(self)
        for cached in ("services", "shared"):
            changed.__dict__.pop(cached, None)
        changed.files = dict(self.files)
        for path, data in texts.items():
            name = PurePosixPath(os.path.relpath(path, self.root))
            there = self.files.get(name)
            changed.files[name] = replace(there, raw=data) if there else TextFile(path, data)
        return changed

    def under(self, plan: Plan) -> Sources:
        """The same files under another plan of the same project."""
        same = copy.copy(self)
        for cached in ("services", "shared", "servers"):
            same.__dict__.pop(cached, None)
        same.plan = plan
        return same

    @cached_property
    def servers(self) -> dict[str, str]:
        """DNS names of the servers, in lower case, and the service that each means."""
        services = self.plan.project.services
        return {host_name(name): server for server in self.plan.servers for name in services[server].names}

    @cached_property
    def services(self) -> dict[str, ServiceSources]:
        """The services in scope, in the order of the files."""
        decided = self.plan.decisions
        return {
            name: ServiceSources(self, service)
            for name, service in self.plan.project.services.items()
            if decided[name].in_scope
        }

    @cached_property
    def shared(self) -> frozenset[Path]:
        """The files that several services in scope have."""
        counts = Counter(
            path for service in self.services.values() for path in {f.path for f in service.files.values()}
        )
        return frozenset(path for path, count in counts.items() if count > 1)

    def file_at(self, path: Path) -> TextFile | None:
        """The text file at a path of the project; None where there is none, or it was not looked at."""
        return self.files.get(PurePosixPath(os.path.relpath(path, self.root)))

    def in_the_way(self, path: Path) -> str:
        """Why no new file may be written to a path; empty when it may."""
        name = PurePosixPath(os.path.relpath(path, self.root))
        if not is_inside(path, self.root):
            return f"{path} lies outside of the project: no helper is written there"
        there = os.path.lexists(path) and self._originals.get(name.as_posix(), b"") is not None
        if there and name not in self.files:
            return f"{path} is there and was not looked at (ignored, too large, a symlink or no text): it stays"
        return self.unwritable(path)

    def unwritable(self, path: Path) -> str:
        """Why a file may not be written, or made: what `disk` would refuse, and the whole run with it."""
        if not files.is_directory(path.parent):
            return f"there is no directory {path.parent}"
        for place in (path.parent, path) if os.path.lexists(path) else (path.parent,):
            if not (place.stat().st_mode & _ANYBODY_WRITES and os.access(place, os.W_OK)):
                return f"{place} is read-only"
        return ""

    def below(self, directory: Path) -> dict[PurePosixPath, TextFile]:
        """The files below a directory of the project, by their path in it."""
        base = PurePosixPath(os.path.relpath(os.path.realpath(directory), os.path.realpath(self.root)))
        if base == PurePosixPath():
            return self.files
        return {path.relative_to(base): file for path, file in self.files.items() if path.is_relative_to(base)}


class ServiceSources:
    """The files of one service, its Dockerfile, and how it starts. `problem` says why they are not known."""

    def __init__(self, sources: Sources, service: Service) -> None:
        self._sources = sources
        self.service = service
        self.build: Build | None = build_of(service, sources.root)
        self.problem = self.build.problem if self.build else "there is no build: only what it mounts is looked at"
        self.dockerfile: TextFile | None = None
        self.stage: Stage | None = None
        if self.build and not self.build.problem:
            self._read_dockerfile(self.build)

    def _read_dockerfile(self, build: Build) -> None:
        real = os.path.realpath(build.dockerfile)
        found = (file for file in self._sources.files.values() if os.path.realpath(file.path) == real)
        self.dockerfile = next(found, None)
        if self.dockerfile is None:
            self.problem = f"{build.dockerfile} was not looked at: it is ignored, too large, or no text"
            return
        try:
            self.stage = parse(self.dockerfile, build.target, build.args)
        except TlsError as error:
            self.problem = str(error)

    @cached_property
    def files(self) -> dict[PurePosixPath, TextFile]:
        """What comes into its container, by path in the build context (else in the mounted directory)."""
        found = dict(self._from_context()) if self.dockerfile else {}
        known = {file.path for file in found.values()}
        for place in copied.mounted(self.service, self._sources.root):
            for path, file in self._mounted(place).items():
                if file.path not in known:
                    known.add(file.path)
                    found[path if path not in found else self._in_project(file)] = file
        return found

    def _in_project(self, file: TextFile) -> PurePosixPath:
        return PurePosixPath(os.path.relpath(file.path, self._sources.root))

    @property
    def root(self) -> Path:
        """The directory of the project."""
        return self._sources.root

    @cached_property
    def run(self) -> dict[PurePosixPath, TextFile]:
        """The files that it may run: some that it shares with other services it only has."""
        return files_run(self, self._sources.shared)

    def in_the_way(self, path: Path) -> str:
        """Why no new file may be written to a path; empty when it may."""
        return self._sources.in_the_way(path)

    def unwritable(self, path: Path) -> str:
        """Why a file may not be written; empty when it may."""
        return self._sources.unwritable(path)

    def path_of(self, path: Path) -> PurePosixPath | None:
        """The path of a file in the build context; None where there is no build, or it lies outside of the context."""
        if self.dockerfile is None or self.build is None:
            return None
        relative = PurePosixPath(os.path.relpath(path, self.build.context))
        return None if relative.parts[:1] == ("..",) else relative

    def inside(self, path: Path) -> Inside | None:
        """Where a file of the project is in the container; None where nothing says it."""
        return inside(self.service, self.stage, self.path_of(path), path)

    @cached_property
    def kinds(self) -> dict[PurePosixPath, Kind]:
        """The files among its own that are configuration of a proxy, whatever their names, with the kind of each."""
        found = {path: self._kind(path, file) for path, file in self.files.items()}
        return {path: kind for path, kind in found.items() if kind is not None}

    @cached_property
    def configurations(self) -> dict[PurePosixPath, TextFile]:
        """The files among its own that are configuration of a proxy."""
        return {path: self.files[path] for path in self.kinds}

    def of_kind(self, runtime: str) -> list[TextFile]:
        """Those that `runtime` reads."""
        return [self.files[path] for path, kind in self.kinds.items() if kind.runtime == runtime]

    def _kind(self, path: PurePosixPath, file: TextFile) -> Kind | None:
        found = kind_of(path, file.text)
        if found is not None or path.suffix in _NO_CONFIGURATION or not may_be_configuration(path, file.text):
            return found
        place = self.inside(file.path)
        return kind_of(path, file.text, place.path) if place is not None else None

    @cached_property
    def environment(self) -> Environment:
        """The variables of its container."""
        return environment(self.service, self.stage, self._sources.plan, self._sources.servers)

    def is_mounted(self, path: Path) -> bool:
        """Whether a file of the project is, or would be, in the container by a bind mount."""
        real = os.path.realpath(path)
        places = copied.mounted(self.service, self._sources.root)
        return any(real.startswith(os.path.realpath(place).rstrip("/") + "/") for place in places)

    def is_ignored(self, path: PurePosixPath) -> bool:
        """Whether `.dockerignore` keeps a file of the context from the image."""
        return is_ignored(self._ignoring, path, directory=False)

    @cached_property
    def _ignoring(self) -> list[DockerRules]:
        return [docker_rules(file.text) for file in self._ignore_files]

    @cached_property
    def _ignore_files(self) -> list[TextFile]:
        assert self.build is not None  # noqa: S101 - there is a context
        files = map(self._sources.file_at, candidates(self.build.context, self.build.dockerfile))
        return [file for file in files if file][:1]

    @property
    def ignoring(self) -> Path | None:
        """The ignore file that counts for its build; None where there is none."""
        return self._ignore_files[0].path if self.build and self._ignore_files else None

    def _from_context(self) -> dict[PurePosixPath, TextFile]:
        assert self.build is not None  # noqa: S101 - there is a Dockerfile
        assert self.dockerfile is not None  # noqa: S101 - the same
        below = self._sources.below(self.build.context)
        wanted = copied.patterns(self.dockerfile)
        return {
            path: file
            for path, file in below.items()
            if copied.is_copied(path, wanted) and not self.is_ignored(path) and file is not self.dockerfile
        }

    def _mounted(self, place: Path) -> dict[PurePosixPath, TextFile]:
        """The files of a mount: by their path in the build context where they lie in it, else in what is mounted."""
        if files.is_directory(place):
            found = self._sources.below(place)
        else:
            relative = PurePosixPath(os.path.relpath(os.path.realpath(place), os.path.realpath(self._sources.root)))
            file = self._sources.files.get(relative)
            found = {PurePosixPath(place.name): file} if file else {}
        return {self.path_of(file.path) or path: file for path, file in found.items()}

    @cached_property
    def start(self) -> Start | None:
        """What it starts."""
        return start_of(self.service, self.stage, self.files)

    @cached_property
    def runtime(self) -> tuple[str, tuple[Evidence, ...]]:
        """What it runs on (empty when that is not known), and what says so."""
        image = self.service.image if self.build is None else None
        named = Evidence(image, self.service.where) if image else None
        return runtime_of(self.stage, self.start, self.files, named)

    @cached_property
    def languages(self) -> list[Language]:
        """The languages that are read in it: that of its runtime. Scripts beside nginx or Python run in browsers."""
        name = self.runtime[0]
        return [language for language in languages_of(self.files) if name in ("", language.name)]

    @cached_property
    def asks(self) -> bool:
        """Whether it is a client of another server."""
        return asks_another(self, self._sources.plan, self._sources.servers)

    @cached_property
    def context(self) -> CodeContext:
        """What the changes of its code are given."""
        plan = self._sources.plan
        name = self.service.name
        return CodeContext(
            service=name,
            short_name=plan.short_names[name],
            mount_path=plan.policy.mount_path,
            ports=listening(plan, self.service, self.stage),
            servers=self._sources.servers,
            is_server=name in plan.servers,
            start=self.start.words if self.start else (),
            templates=self._sources.templates,
            asks=self.asks,
            environment=self.environment.values,
        )
