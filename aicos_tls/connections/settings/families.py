"""The files of each framework's configuration: which of them count in a container, in which order.

Sources: Spring Boot "Externalized Configuration", "Profiles"; Quarkus "Configuration Reference" (profiles: `%prod.`);
Micronaut "Externalized Configuration"; ASP.NET Core "Configuration" (`appsettings.{Environment}.json`, Production by
default); Rails "Configuring a Database"; Symfony "Configuring Symfony" (`.env`, `when@`); Laravel "Configuration";
node-config "Configuration Files";
Play "Configuration file".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.connections.settings import formats
from aicos_tls.sources.testfiles import is_test

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.settings.formats import Document
    from aicos_tls.files import TextFile


class Family(Struct, frozen=True):
    """A framework's files: a pattern of their paths (with `profile`), and how they are read.

    `overrides`: variables of the environment go before its settings, by their relaxed names. `modes` are the variables
    that say which profile is on, and `mode` is the profile where none does. `top`: the first key is the profile.
    """

    language: str
    path: re.Pattern[str]
    read: Callable[[TextFile], list[Document]]
    overrides: bool = False
    modes: tuple[str, ...] = ()
    mode: str = ""
    top: bool = False
    ruby: bool = False


_SPRING = r"(?:^|/)(?:application|bootstrap)(?:-(?P<profile>[\w-]+))?\."
_SPRING_MODES = ("SPRING_PROFILES_ACTIVE", "MICRONAUT_ENVIRONMENTS", "QUARKUS_PROFILE")
_DOTNET_MODES = ("ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT")
_RAILS_MODES = ("RAILS_ENV", "RACK_ENV")
_MODES = ("NODE_ENV", "APP_ENV", "MIX_ENV", "ENV_FOR_DYNACONF", "DJANGO_ENV", "ENVIRONMENT", *_RAILS_MODES)
_NAMES = r"(?:config|settings|app|conf|default|(?P<profile>local|production|prod|docker|development|dev|staging))"

FAMILIES: tuple[Family, ...] = (
    Family("Java", re.compile(_SPRING + r"ya?ml$"), formats.yaml, overrides=True, modes=_SPRING_MODES),
    Family("Java", re.compile(_SPRING + r"properties$"), formats.properties, overrides=True, modes=_SPRING_MODES),
    Family("Java", re.compile(r"(?:^|/)microprofile-config\.properties$"), formats.properties, overrides=True),
    Family("Java", re.compile(r"(?:^|/)(?:application|reference)\.conf$"), formats.hocon),
    Family(
        ".NET",
        re.compile(r"(?:^|/)appsettings(?:\.(?P<profile>\w+))?\.json$"),
        formats.json,
        overrides=True,
        modes=_DOTNET_MODES,
        mode="Production",
    ),
    Family(
        "Ruby",
        re.compile(r"(?:^|/)config/(?:database|cable|redis|sidekiq|mongoid|elasticsearch|cache|storage)\.yml$"),
        formats.yaml,
        modes=_RAILS_MODES,
        mode="development",
        top=True,
        ruby=True,
    ),
    Family(
        "PHP",
        re.compile(r"(?:^|/)config/(?:packages/(?:(?P<profile>\w+)/)?[\w.-]+|services)\.ya?ml$"),
        formats.yaml,
        modes=("APP_ENV",),
        mode="prod",
    ),
    Family("", re.compile(rf"^(?:[\w.-]+/)?{_NAMES}\.ya?ml$"), formats.yaml, overrides=True, modes=_MODES),
    Family("", re.compile(rf"^(?:[\w.-]+/)?{_NAMES}\.(?:toml|ini|cfg)$"), formats.lines, overrides=True, modes=_MODES),
    Family(
        "Node",
        re.compile(rf"^(?:[\w.-]+/)?config/{_NAMES}\.json5?$"),
        formats.json,
        modes=("NODE_ENV",),
        mode="development",
    ),
    Family(
        "", re.compile(r"(?:^|/)\.env(?:\.(?P<profile>[\w-]+))?$"), formats.environment, overrides=True, modes=_MODES
    ),
)
_ALWAYS = frozenset({"local", "docker"})
"""What is read, or made for containers, whatever the mode: `.env.local`, `config/docker.yaml`."""
_ACTIVATES = ("spring.config.activate.on-profile", "spring.profiles")


def family_of(path: PurePosixPath) -> tuple[Family, str] | None:
    """The family that a path belongs to, and the profile in its name; None for what is no setting of anybody."""
    text = path.as_posix()
    if is_test(path) or "/test/" in f"/{text}" or "node_modules/" in text or "/vendor/" in f"/{text}":
        return None
    for family in FAMILIES:
        if match := family.path.search(text):
            return family, match.groupdict().get("profile") or ""
    return None


def is_active(family: Family, profile: str, environment: Mapping[str, str]) -> bool:
    """Whether the settings of a profile count in a container with these variables."""
    if not profile or (profile in _ALWAYS and not family.language):
        return True
    on = active(family, environment)
    return profile.lower() in on or (not on and profile in {"production", "prod"} and family.language == "")


def active(family: Family, environment: Mapping[str, str]) -> frozenset[str]:
    """The profiles that are on, in lower case."""
    said = next((environment[name] for name in family.modes if environment.get(name)), family.mode)
    return frozenset(part.strip().lower() for part in said.split(",") if part.strip())


def counts(document: Document, profiles: frozenset[str]) -> bool:
    """Whether a document of several counts: Spring's says for which profiles it is."""
    said = [each.value for each in document if each.key in _ACTIVATES or each.key.startswith(f"{_ACTIVATES[0]}[")]
    return not said or any(_matches(part.strip(), profiles) for each in said for part in re.split(r"[|,]", each))


def _matches(expression: str, profiles: frozenset[str]) -> bool:
    names = [part.strip(" ()") for part in expression.split("&")]
    return all((name[1:].lower() not in profiles) if name[:1] == "!" else (name.lower() in profiles) for name in names)
