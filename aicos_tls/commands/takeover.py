"""How running containers come to use renewed files: who needs what, and doing it, one container after the other.

Servers come before their clients, so that at no moment a client asks a server that is not there yet; after each
restart the container has to be healthy again before the next one is touched.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.commands.project import certs_directory
from aicos_tls.errors import TlsError
from aicos_tls.live.docker import Docker
from aicos_tls.live.stack import check_own, look, project_name
from aicos_tls.live.waiting import healthy_again
from aicos_tls.rules.images import Images
from aicos_tls.serving.model import Place
from aicos_tls.serving.reloading import Advice, Takeover, advise, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aicos_tls.commands.project import Prepared
    from aicos_tls.compose.model import Service
    from aicos_tls.live.model import Container


class Done(Struct, frozen=True):
    """What was done for a service: `words` say it; with `pending` somebody has to do it still."""

    advice: Advice
    words: str
    pending: bool = False


def advice_for(prepared: Prepared, services: Iterable[str]) -> list[Advice]:
    """What each of these services needs, servers before clients."""
    images = Images(prepared.plan.project)
    choices = {choice.service: choice for choice in prepared.choices}
    edges = [(edge.client, edge.server) for edge in prepared.plan.edges]
    return [
        advise(
            name,
            _image(images, prepared.plan.project.services[name]),
            choice=choices.get(name),
            helper=name in prepared.code,
            single_file=_single_file(prepared, prepared.plan.project.services[name]),
            paths=_paths(prepared, name),
        )
        for name in in_order((each for each in services if each in prepared.plan.project.services), edges)
    ]


def take_over(
    prepared: Prepared,
    advice: Iterable[Advice],
    *,
    restart: bool,
    wait: float,
    project: str = "",
    environment: Mapping[str, str],
    progress: Callable[[str], None] = lambda _: None,
) -> list[Done]:
    """Tell the servers that can be told, and restart the others where `restart` asks for it. Raises `TlsError`.

    `wait` are the seconds that a restarted container has to become healthy; when it does not, the rest stays as it is:
    it goes on with the certificates from before, which are valid still.
    """
    docker = Docker(environment)
    docker.engine()
    name = project_name(prepared.plan.project, project, environment)
    stack = look(docker, name)
    check_own(docker, stack, prepared.plan.project, named=bool(project))
    done: list[Done] = []
    for each in advice:
        containers = [container for container in stack.of(each.service) if container.running]
        if not containers:
            done.append(Done(each, "does not run"))
        elif each.takeover is Takeover.ITSELF:
            done.append(Done(each, each.takeover.value))
        elif each.takeover is Takeover.TOLD:
            progress(f"telling {each.service}")
            done.append(_tell(docker, each, containers))
        elif restart:
            for container in containers:
                progress(f"restarting {container.name}")
                docker.ask("restart", container.id)
                healthy_again(docker, name, container, wait, progress)
            done.append(Done(each, "was restarted"))
        else:
            done.append(Done(each, each.takeover.value, pending=True))
    return done


def _tell(docker: Docker, advice: Advice, containers: Iterable[Container]) -> Done:
    for container in containers:
        if advice.signal:
            ran = docker.run("kill", "--signal", advice.signal, container.id)
        else:
            ran = docker.run("exec", container.id, *advice.command)
        if ran.code:
            return Done(advice, f"was told to take the files, and says: {ran.last}", pending=True)
    return Done(advice, "was told to take the new files")


def _image(images: Images, service: Service) -> str:
    try:
        return images.base(service)
    except TlsError:
        return ""


def _paths(prepared: Prepared, service: str) -> dict[str, str]:
    place = Place(prepared.plan.policy.mount_path, prepared.plan.short_names[service])
    return {"certificate": place.certificate, "key": place.key, "ca": place.ca}


def _single_file(prepared: Prepared, service: Service) -> bool:
    """Whether a file of the certificates directory is mounted by itself: a container keeps the one it began with."""
    certs = os.path.realpath(certs_directory(prepared))
    return any(
        source.startswith(certs + os.sep) and source.endswith("-cert.pem") for source in _sources(prepared, service)
    )


def _sources(prepared: Prepared, service: Service) -> Iterator[str]:
    """Yield the paths on the host of its mounts, as they are written: the file itself may be a link."""
    for mount in service.mounts:
        if mount.source.startswith((".", "/")):
            path = os.path.normpath(prepared.directory / mount.source)
            yield os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
