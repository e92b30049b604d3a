"""What docker compose itself says: it is asked to resolve the project before and after, and both are compared.

A check and no dependency: it runs only where it was asked for. Compose is judged by what it prints and not by its exit
code, which some wrappers lose.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.plan.model import joined_networks
from aicos_tls.proof.declared import Declared, bases
from aicos_tls.proof.leaves import leaves
from aicos_tls.proof.merged import normal, target
from aicos_tls.proof.mirror import mirrored
from aicos_tls.rules.takeover import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aicos_tls.plan.model import Plan

VARIABLE = "DOCKER_COMPOSE"
"""Environment variable that names the command, for example `docker compose`."""
CANDIDATES = (("docker", "compose"), ("docker-compose",))
_VERSION = re.compile(r"\bv?([0-9]+)\.[0-9]+")
_TIMEOUT = 120
"""Seconds after which docker compose is given up on; it answers within one."""


class Opinion(Struct, frozen=True):
    """`agrees`: both versions are accepted, and differ as declared. `rejects`: only the original is accepted.

    `cannot tell`: the original is rejected already. `message` is what docker compose said.
    """

    state: Literal["agrees", "rejects", "cannot tell"]
    command: str
    message: str = ""


class Version(Struct, frozen=True):
    """A version of a project: the files to merge, and the contents that differ from what is on the disk."""

    files: tuple[Path, ...]
    contents: dict[Path, bytes | None]


def find_command(named: str, environment: Mapping[str, str]) -> list[str]:
    """The command of docker compose, version 2 or later: the one named, that of the environment, or what there is.

    Raises `TlsError` when there is none.
    """
    given = named or environment.get(VARIABLE, "")
    for command in [shlex.split(given)] if given else map(list, CANDIDATES):
        found = _VERSION.search(_run([*command, "version", "--short"])[0])
        if found and int(found.group(1)) > 1:
            return command
    raise TlsError(
        f"{given or 'docker compose'} cannot be run" if given else "there is no docker compose here to check with",
        hint=f"name it with --compose-command or {VARIABLE}, version 2 or later",
    )


def ask(command: Sequence[str], directory: Path, before: Version, after: Version, plan: Plan) -> Opinion:
    """Ask docker compose about both versions of the project of `plan`, in `directory`.

    Raises `InternalError` when it sees a difference that is no declared change.
    """
    name = shlex.join(command)
    said = ""
    accepted = False
    for interpolate in (True, False):
        old, said_before = resolved(command, directory, before, interpolate=interpolate)
        if old is None:
            said = said or said_before
            continue
        accepted = True
        new, message = resolved(command, directory, after, interpolate=interpolate)
        if new is None:
            return Opinion("rejects", name, message)
        if not interpolate:
            compare(old, new, Declared(plan.changes, bases(plan.project)))
    return Opinion("agrees", name) if accepted else Opinion("cannot tell", name, said)


def compare(old: dict[str, Any], new: dict[str, Any], declared: Declared) -> None:
    """Account for each difference between two resolved models; raises `InternalError` for one that is not declared.

    What a service that is new as a whole holds is proved from the files: compose fills in much of its own there.
    """
    one, other = ({**model, "services": _services(model)} for model in (old, new))
    known = one["services"]
    for name, holder in joined_networks(declared.changes).items():
        known[name], other["services"][name] = _network_apart(name, holder, known[name], other["services"])
        for linking in (each for each in known if _links_to(other["services"].get(each, {}), holder)):
            for service, gone in ((known[linking], name), (other["services"][linking], holder)):
                service["depends_on"] = {k: v for k, v in (service.get("depends_on") or {}).items() if k != gone}
    other["services"] = {k: v for k, v in other["services"].items() if k in known or not declared.adds(k)}
    for name, service in other["services"].items():
        volumes, before = service.get("volumes", {}), known.get(name, {}).get("volumes", {})
        added = {mount for mount in declared.mounted(name) if mount in volumes and mount not in before}
        if added:
            rest = {place: item for place, item in volumes.items() if place not in added}
            other["services"][name] = {**service, "volumes": rest}
            known[name] = {**known[name], "volumes": before}
    for leaf in leaves(one, other, ()):
        if not declared.explains_in_service(leaf):
            what = f"{leaf.name}: {leaf.before!r} became {leaf.after!r}"
            raise InternalError(f"docker compose sees a change that was not declared: {what}")


def _network_apart(
    name: str, holder: str, old: dict[str, Any], new: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A service before and after it joined the network of `holder`, without what belongs to the network.

    All of that must be the holder's now. Raises `InternalError` when it is not.
    """
    after, joined = dict(new[name]), new[holder]
    if after.pop("network_mode", None) != f"service:{holder}":
        raise InternalError(f"docker compose does not see that {name} joins the network of {holder}")
    for key in ATTRIBUTES:
        if not (before := old.get(key)):
            continue
        there = joined.get(key)
        if key == "networks" and isinstance(there, dict):
            there = {network: _without_aliases(value, before.get(network)) for network, value in there.items()}
        if there != before or after.get(key):
            raise InternalError(f"docker compose sees that {name} loses `{key}`: {before!r} became {there!r}")
    gone = {*ATTRIBUTES, "depends_on"}
    depends = {key: value for key, value in (after.get("depends_on") or {}).items() if key != holder}
    after = {key: value for key, value in after.items() if key not in gone} | {"depends_on": depends}
    return {key: value for key, value in old.items() if key not in gone} | {
        "depends_on": old.get("depends_on") or {}
    }, after


def _links_to(service: dict[str, Any], holder: str) -> bool:
    """Whether a service has a link to `holder`: compose makes a dependency of it, as of the link that was there."""
    return any(str(link).startswith(f"{holder}:") for link in service.get("links") or ())


def _without_aliases(value: Any, before: Any) -> Any:
    """A network of a service with the aliases that it had before."""
    aliases = (before or {}).get("aliases")
    rest = {key: inner for key, inner in (value or {}).items() if key != "aliases"}
    return {**rest, **({"aliases": aliases} if aliases else {})} or None


def _services(model: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, service in (_texts(model.get("services")) or {}).items():
        found[name] = normal(service)
        if isinstance(volumes := service.get("volumes"), list):
            found[name]["volumes"] = {target(item): item for item in volumes}
    return found


def _texts(value: Any) -> Any:
    """Numbers and truth values as texts: merging makes texts of variables, and the container sees nothing else."""
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def resolved(
    command: Sequence[str], directory: Path, version: Version, *, interpolate: bool
) -> tuple[dict[str, Any] | None, str]:
    """The resolved model, or None and what was said instead."""
    with mirrored(directory, version.contents) as mirror:
        files = [word for path in version.files for word in ("-f", str(mirror.place(path)))]
        place = ["--project-directory", str(mirror.place(directory)), "--profile", "*"]
        options = ["config", "--format", "json", *([] if interpolate else ["--no-interpolate"])]
        out, error = _run([*command, *files, *place, *options])
        try:
            model = json.loads(out)
        except ValueError:
            model = None
        if not isinstance(model, dict):
            lines = mirror.restored(error).strip().splitlines()
            return None, lines[-1] if lines else "it printed no model"
        return mirror.restored(model), ""


def _run(command: Sequence[str]) -> tuple[str, str]:
    """What a command prints to its output and its errors; nothing when it cannot be run."""
    try:
        done = subprocess.run(  # noqa: S603 - the command is the one that was asked for
            command, capture_output=True, text=True, errors="replace", check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr
