"""`env` for images of others: what the catalogue says about an image, filled in for a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.plan.images import repository
from aicos_tls.serving.model import Bind, How, Needs, Option, RuntimeFile, Setting, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aicos_tls.serving.model import Place


class ImageFacts(Struct, frozen=True, kw_only=True):
    """What is known of an image. In texts, `{certificate}`, `{key}`, `{ca}`, `{directory}` and `{name}` are filled in.

    `repositories` are without registry and tag. `settings` are variables, `words` are added to the command, `mounts`
    and `files` are pairs of a path below the certificates directory with a target, or with a text. `port` is the one
    that it listens on by default; `uid` is the user it runs as, who has to be able to read the key. With `lacks` there
    is no way from outside, and it says why. `unless` are words of the command, and variables with their values, that
    rule it out. `source` is where this is from, `tried` whether it was run for this project.
    """

    name: str
    repositories: tuple[str, ...]
    source: str
    tried: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    default_command: tuple[str, ...] = ()
    mounts: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    port: int = 0
    uid: int = 0
    renews: bool = False
    lacks: str = ""
    unless: tuple[str, ...] = ()
    note: str = ""


def facts_of(image: str) -> ImageFacts | None:
    """What the catalogue knows of an image reference, whatever its registry and tag; None for an image it has not."""
    from aicos_tls.serving.catalogue import IMAGES

    wanted = "/".join(repository(image)[1]).lower()
    return next((facts for facts in IMAGES if wanted in facts.repositories), None)


def image_option(
    facts: ImageFacts, place: Place, ports: tuple[int, ...], command: tuple[str, ...], environment: Mapping[str, str]
) -> Option | str:
    """The option for a service with this image, or the reason why there is none."""
    if facts.lacks:
        return facts.lacks
    present = {*command, *(f"{name}={value}" for name, value in environment.items())}
    if ruled_out := next((word for word in facts.unless if word in present), ""):
        return f"{facts.name} with {ruled_out} serves no TLS"
    needs = Needs(
        tuple(Setting(name, place.fill(value)) for name, value in facts.settings),
        Words(tuple(map(place.fill, facts.words)), instead_of_none=facts.default_command if facts.words else ()),
        tuple(Bind(place.fill(source), target) for source, target in facts.mounts),
        tuple(RuntimeFile(place.fill(path), place.fill(text)) for path, text in facts.files),
    )
    note = f"runs as uid {facts.uid}, which has to be able to read the key" if facts.uid else ""
    return Option(
        How.ENV,
        f"{facts.name} has settings for it",
        None,
        needs,
        source=facts.source,
        tried=facts.tried,
        renews=facts.renews,
        note="; ".join(text for text in (note, facts.note) if text),
        ports=ports or ((facts.port,) if facts.port else ()),
    )
