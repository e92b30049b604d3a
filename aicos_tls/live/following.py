"""Follows a stack while it is watched: containers that are started, restarted or run for a task have new addresses."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from aicos_tls.errors import TlsError
from aicos_tls.live.stack import LABEL, look

if TYPE_CHECKING:
    from types import TracebackType

    from aicos_tls.live.docker import Docker
    from aicos_tls.live.places import Places

_PATIENCE = 10.0
"""Seconds that the last look may take at the end."""


class Following:
    """From `with` on until its end, `places` learns of each container of the project that starts."""

    def __init__(self, docker: Docker, project: str, places: Places) -> None:
        self._docker, self._project, self._places = docker, project, places
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._events: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Begin to follow; raises `TlsError` where there is no docker."""
        filters = (f"label={LABEL}project={self._project}", "type=container", "event=start")
        words = [word for text in filters for word in ("--filter", text)]
        try:
            self._events = subprocess.Popen(  # noqa: S603 - the arguments are ours
                [self._docker.command, "events", *words, "--format", "{{.ID}}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=self._docker.environment,
                start_new_session=True,  # an interrupt is for the person's command, and for this program
            )
        except OSError as error:
            raise TlsError(f"docker cannot be run: {error.strerror}", hint="see: docker version") from None
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and look once more."""
        if self._events is not None:
            self._events.terminate()
            self._events.wait()
        self._thread.join(_PATIENCE)
        if kind is None:
            self._look()

    def _follow(self) -> None:
        if self._events is not None and self._events.stdout is not None:
            with self._events.stdout as lines:
                for _ in lines:
                    self._look()

    def _look(self) -> None:
        with suppress(TlsError):  # it is gone again, or is being made: the next one tells
            self._places.add(look(self._docker, self._project, tasks=True))
