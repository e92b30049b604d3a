"""The containers of a project: found by the labels that docker compose gives them, and whether they are its own."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from aicos_tls import budgets
from aicos_tls.errors import TlsError, Where
from aicos_tls.live.docker import words
from aicos_tls.live.model import Attachment, Container, Mounted, Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aicos_tls.compose.model import Project
    from aicos_tls.live.docker import Docker

LABEL = "com.docker.compose."
"""What the names of docker compose's labels begin with (compose source, `pkg/api/labels.go`)."""

_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]")


class Stack(Struct, frozen=True):
    """The containers of one project with their networks, by identifier."""

    project: str
    containers: tuple[Container, ...]
    networks: dict[str, Network]

    def of(self, service: str) -> tuple[Container, ...]:
        """Every container of a service."""
        return tuple(c for c in self.containers if c.service == service)

    def namespace(self, container: Container) -> Container:
        """The container whose network it uses: mostly its own."""
        return next((c for c in self.containers if c.id == container.network_of), container)


def project_name(project: Project, given: str, environment: Mapping[str, str]) -> str:
    """The name under which docker compose runs the project (specification, "Name top-level element").

    `-p`, then COMPOSE_PROJECT_NAME of the environment or of `.env`, then `name:`, then the directory's. Lower case,
    with letters, digits, hyphens and underscores only, beginning with a letter or a digit.
    """
    dotenv = project.dotenv.values if project.dotenv else {}
    name = given or environment.get("COMPOSE_PROJECT_NAME") or dotenv.get("COMPOSE_PROJECT_NAME") or project.name
    return _NOT_IN_NAMES.sub("", name.lower()).lstrip("_-")


def look(docker: Docker, name: str, *, tasks: bool = False) -> Stack:
    """The containers of the project `name`, running or not; with `tasks`, those of `docker compose run` as well.

    Raises `TlsError` when docker cannot say.
    """
    found = _inspect(docker, f"label={LABEL}project={name}", tasks=tasks)
    networks = sorted({a.network for c in found for a in c.attachments})
    described = docker.ask_json("network", "inspect", *networks) if networks else []
    return Stack(name, tuple(found), {n.id: n for n in map(_network, described)})


def _inspect(docker: Docker, *filters: str, tasks: bool = False) -> list[Container]:
    """The containers that the filters let through; those of `docker compose run` only with `tasks`."""
    arguments = [word for text in filters for word in ("--filter", text)]
    for _ in range(3):
        identifiers = words(docker.ask("ps", "--all", "--quiet", "--no-trunc", *arguments))
        if not identifiers:
            return []
        try:
            described = docker.ask_json("inspect", "--type", "container", *identifiers)
        except TlsError as error:  # one of them was removed in between: look again
            if "no such" not in error.message.lower():
                raise
            continue
        mine = [d for d in described if tasks or _labels(d).get(LABEL + "oneoff", "").lower() != "true"]
        return sorted(map(_container, mine), key=lambda c: (c.service, c.name))
    raise TlsError("the containers come and go too quickly to look at them", hint="wait until the stack is up")


def _labels(described: dict[str, Any]) -> dict[str, str]:
    return (described.get("Config") or {}).get("Labels") or {}


def _container(described: dict[str, Any]) -> Container:
    state, config, labels = described.get("State") or {}, described.get("Config") or {}, _labels(described)
    health = state.get("Health") or {}
    checked = (health.get("Log") or [{}])[-1]
    mode = str((described.get("HostConfig") or {}).get("NetworkMode", ""))
    return Container(
        id=described["Id"],
        name=str(described.get("Name", "")).lstrip("/"),
        service=labels.get(LABEL + "service", ""),
        project=labels.get(LABEL + "project", ""),
        image=str(described.get("Image") or config.get("Image", "")),
        status=str(state.get("Status", "")),
        health="" if health.get("Status") in (None, "none") else health["Status"],
        health_output=" ".join(str(checked.get("Output", "")).split()),
        health_test=" ".join((config.get("Healthcheck") or {}).get("Test") or []),
        exit_code=int(state.get("ExitCode", 0)),
        out_of_memory=state.get("OOMKilled") is True,
        started=str(state.get("StartedAt", "")),
        environment=dict(word.partition("=")[::2] for word in config.get("Env") or []),
        attachments=tuple(_attachments(described)),
        network_of=mode.removeprefix("container:") if mode.startswith("container:") else "",
        directory=labels.get(LABEL + "project.working_dir", ""),
        files=tuple(filter(None, labels.get(LABEL + "project.config_files", "").split(","))),
        compose=labels.get(LABEL + "version", ""),
        mounts=tuple(Mounted(str(m.get("Source", "")), str(m.get("Destination", ""))) for m in described["Mounts"]),
        published=frozenset(_published(described)),
        pid=int(state.get("Pid") or 0),
    )


def _published(described: dict[str, Any]) -> Iterable[int]:
    """Yield its TCP ports that have one of the host's (`8001/tcp`)."""
    for name, bound in ((described.get("NetworkSettings") or {}).get("Ports") or {}).items():
        port, _, transport = str(name).partition("/")
        if bound and transport == "tcp" and (number := budgets.number(port)):
            yield number


def _attachments(described: dict[str, Any]) -> Iterable[Attachment]:
    """Yield its places; a network that was removed since has no identifier any more."""
    own = {described["Id"][:12], str(described.get("Name", "")).lstrip("/")}
    for network in ((described.get("NetworkSettings") or {}).get("Networks") or {}).values():
        if network.get("NetworkID"):
            yield Attachment(
                network["NetworkID"],
                network.get("IPAddress") or network.get("GlobalIPv6Address") or "",
                frozenset({*(network.get("Aliases") or ()), *own}),
                network.get("Gateway") or "",
                (network.get("GlobalIPv6Address") or "") if network.get("IPAddress") else "",
            )


def _network(described: dict[str, Any]) -> Network:
    """A bridge is called `br-` and twelve digits of the network, unless an option names it (manual, "Bridge")."""
    driver = str(described.get("Driver", ""))
    options = described.get("Options") or {}
    named = options.get("com.docker.network.bridge.name") or f"br-{described['Id'][:12]}"
    ranges = (described.get("IPAM") or {}).get("Config") or ()
    subnets = tuple(str(one["Subnet"]) for one in ranges if one.get("Subnet"))
    return Network(described["Id"], str(described["Name"]), driver, named if driver == "bridge" else "", subnets)


def check_own(docker: Docker, stack: Stack, project: Project, *, named: bool) -> None:
    """Refuse containers that are not this project's; `named` when the person gave the project's name.

    Raises `TlsError`: nothing runs, docker-compose version 1 made them, or another directory's project has the name.
    """
    where = Where(project.main.path)
    if not any(c.running for c in stack.containers):
        raise _nothing_runs(docker, stack, project, where)
    old = next((c for c in stack.containers if c.compose.startswith("1.")), None)
    if old:
        raise TlsError(
            f"{old.name} was made by docker-compose {old.compose}, which names things in other ways",
            where=where,
            hint="bring the stack up with version 2: docker compose up -d",
        )
    foreign = next((c for c in stack.containers if not _is_of(c, project)), None)
    if foreign and not named:
        raise TlsError(
            f"the containers of project {stack.project} belong to another directory: {foreign.directory}",
            where=where,
            hint=f"run this there, or give this one a name of its own: -p NAME (if it is this one: -p {stack.project})",
        )


def _is_of(container: Container, project: Project) -> bool:
    """Whether docker compose made it for this directory, or from this file."""
    if not container.directory and not container.files:
        return True
    here = {os.path.realpath(project.directory)}
    mine = {os.path.realpath(source.path) for source in project.files}
    given = {os.path.realpath(os.path.join(container.directory, file)) for file in container.files}  # noqa: PTH118
    return os.path.realpath(container.directory) in here or bool(mine & given)


def _nothing_runs(docker: Docker, stack: Stack, project: Project, where: Where) -> TlsError:
    """What to say: a container with a `container_name` of this project may run under another project's name."""
    wanted = {name: service.name for service in project.services.values() if (name := service.text("container_name"))}
    others = _inspect(docker, f"label={LABEL}project") if wanted else []
    taken = next((c for c in others if c.name in wanted and c.running and c.project != stack.project), None)
    if taken:
        return TlsError(
            f"no container of project {stack.project} runs; {taken.name} belongs to project {taken.project}"
            f" in {taken.directory or 'an unknown directory'}",
            where=where,
            hint=f"if that is this one: -p {taken.project}; else stop it, then: docker compose up -d",
        )
    there = "all of them have stopped" if stack.containers else "there are none"
    return TlsError(
        f"no container of project {stack.project} runs: {there}",
        where=where,
        hint="docker compose up -d, or name the project with -p (see: docker compose ls --all)",
    )
