"""Asks servers from inside a network that this machine does not reach: Docker Desktop, a remote or a rootless engine.

A container of its own is run there for a moment, from an image that the stack uses already and that has Python or Node
(nothing is pulled or built), without rights and without a way to write. Where none starts, a running container of the
stack does it by `docker exec`. Where neither has a program for it, that is said: it is no success.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aicos_tls.errors import TlsError
from aicos_tls.live.docker import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aicos_tls.live.docker import Docker
    from aicos_tls.live.model import Container

PROGRAMS = (("python3", "-c", "asking.py"), ("python", "-c", "asking.py"), ("node", "-e", "asking.js"))
"""What can ask, the option that gives it its script, and the script beside this file."""
_CONFINED = ("--rm", "--interactive", "--pull", "never", "--read-only", "--cap-drop", "ALL", "--user", "65534:65534")
START = 20.0
"""Seconds that a container may take to start, beside the time that the questions take."""


class Way(Struct, frozen=True):
    """A way in: the docker arguments before the program, and the program."""

    arguments: tuple[str, ...]
    program: tuple[str, str, str]


class Inside:
    """The ways into the networks of a stack, found once for each network."""

    def __init__(self, docker: Docker, containers: Sequence[Container]) -> None:
        self._docker = docker
        self._containers = [c for c in containers if c.running]
        self._found: dict[str, Way | None] = {}
        self._worked: list[tuple[str, tuple[str, str, str]]] = []

    def ask(self, network: str, questions: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """The answers to `questions` from inside `network` (its identifier); None where there is no way in."""
        if network not in self._found:
            self._found[network] = next(self._ways(network), None)
        way = self._found[network]
        if way is None:
            return None
        longest = max(q["timeout"] * (3 + 2 * len(q["names"])) for q in questions)
        done = self._run(way, questions, START + longest)
        return _answers(done, len(questions))

    def as_client(self, container: Container, questions: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """The answers as the container itself would get them: from its own place on its networks, by its names."""
        return self.ask(f"container:{container.id}", questions)

    def _ways(self, network: str) -> Iterator[Way]:
        """Yield what works: a container of our own first, then those that are there."""
        near = [c for c in self._containers if c.on(network)] or self._containers
        images = dict.fromkeys(c.image for c in sorted(near + self._containers, key=_has_a_runtime))
        for image, program in [*self._worked, *((image, program) for image in images for program in PROGRAMS)]:
            way = Way(("run", *_CONFINED, "--network", network, "--entrypoint", program[0], image), program)
            for works in self._if_it_runs(way):
                self._worked = [(image, program)]
                yield works
        for container in near if not network.startswith("container:") else ():
            for program in PROGRAMS:
                yield from self._if_it_runs(Way(("exec", "--interactive", container.id, program[0]), program))

    def _if_it_runs(self, way: Way) -> Iterator[Way]:
        """Yield the way when asking nothing through it gives no answers, as it should."""
        if _answers(self._run(way, [], START), 0) is not None:
            yield way

    def _run(self, way: Way, questions: list[dict[str, Any]], timeout: float) -> Ran:
        _, option, script = way.program
        text = json.dumps(questions)
        try:
            return self._docker.run(*way.arguments, option, source(script), text=text, timeout=timeout)
        except TlsError as error:  # it did not end in time
            return Ran(1, "", str(error))


def _has_a_runtime(container: Container) -> bool:
    """False, which sorts first, for images that say by their variables that they have Python or Node."""
    return not {"PYTHON_VERSION", "NODE_VERSION"} & set(container.environment)


@cache
def source(script: str) -> str:
    """The text of a script beside this file."""
    return Path(__file__).with_name(script).read_text("utf-8")


def _answers(done: Ran, count: int) -> list[dict[str, Any]] | None:
    """What was printed, when it is that many answers."""
    if done.code:
        return None
    try:
        answers = json.loads(done.out)
    except ValueError:
        return None
    return answers if isinstance(answers, list) and len(answers) == count else None
