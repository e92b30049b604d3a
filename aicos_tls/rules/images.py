"""What services run on, looked up when a rule asks: the final stage of their Dockerfile, and the image below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.errors import TlsError, Where

if TYPE_CHECKING:
    from aicos_tls.compose.model import Project, Service
    from aicos_tls.sources.dockerfile import Stage


class Images:
    """The images of a project; each Dockerfile is read once."""

    def __init__(self, project: Project) -> None:
        self._directory = project.directory
        self._text = project.read
        self._stages: dict[str, Stage | TlsError | None] = {}

    def stage(self, service: Service) -> Stage | None:
        """The final stage of a service's Dockerfile; None where there is none that can be looked at.

        Raises `TlsError` for a file that cannot be read.
        """
        if service.name not in self._stages:
            self._stages[service.name] = self._read(service)
        found = self._stages[service.name]
        if isinstance(found, TlsError):
            raise found
        return found

    def _read(self, service: Service) -> Stage | TlsError | None:
        if not service.builds:
            return None
        from aicos_tls.sources.build import build_of
        from aicos_tls.sources.dockerfile import parse

        build = build_of(service, self._directory)
        if build is None or build.problem:
            return None
        try:
            return parse(self._text(build.dockerfile), build.target, build.args)
        except TlsError as error:
            where = error.where or Where(build.dockerfile)
            return TlsError(error.message, where=where, hint=error.hint)

    def base(self, service: Service) -> str:
        """The image that a service is or is built on, empty where that is not known; raises `TlsError` as `stage`."""
        stage = self.stage(service)
        return stage.base if stage else ("" if service.builds else service.image or "")
