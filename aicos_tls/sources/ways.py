"""How each server comes to speak TLS: by its code, by settings of its server program, by its configuration, or not yet.

Settings of Python's server programs are in `aicos_tls.sources.python.servers`. Nothing is guessed: where no language
reads a service's sources, that is what is said.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from aicos_tls.sources.model import HELPER_MARK
from aicos_tls.sources.runtime import STATIC

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aicos_tls.sources.changes import ServiceChanges
    from aicos_tls.sources.languages import Facts
    from aicos_tls.sources.project import ServiceSources
    from aicos_tls.sources.python.servers import CommandSettings


class Way(Enum):
    """How a server comes to speak TLS."""

    CODE = "its code does it already"
    SET = "settings of its server program do it already"
    SETTINGS = "settings of its server program"
    NEEDS_CODE = "needs a change of its code"
    CONFIGURATION = "needs a change of its configuration"
    NONE = "none known"
    NOT_A_SERVER = "no other service asks it"


READY = frozenset({Way.CODE, Way.SET, Way.NOT_A_SERVER})
"""The ways of services for which nothing has to be done."""


_HINTS = re.compile(
    r"TLS_ENABLED|ssl_|certfile|load_cert_chain|createSecureServer|httpsOptions|X509KeyPair|TLS\("
    r"|[\"'](?:node:)?https[\"']|HTTPS between"
)
_LISTENS_SSL = re.compile(r"^[ \t]*listen\s[^;#]*\bssl\b", re.MULTILINE)


def hints_at_tls(text: str) -> bool:
    """Whether a source may serve TLS: a cheap look, before it is parsed."""
    return _HINTS.search(text) is not None


def listens_ssl(text: str) -> bool:
    """Whether a configuration of nginx has a listener that speaks TLS."""
    return _LISTENS_SSL.search(text) is not None


def facts_of(service: ServiceSources) -> list[Facts]:
    """What the languages find in the sources of a service; those of the helper are no code of its own."""
    own = {path: file for path, file in service.files.items() if HELPER_MARK not in file.text}
    found = (language.look(own) for language in service.languages)
    return [facts for facts in found if facts is not None]


def settings_of(service: ServiceSources) -> CommandSettings | None:
    """What makes the server program of a start command serve TLS; None where no known one is started.

    What the image and the command itself set stands beside what the compose file sets.
    """
    if service.start is None or service.runtime[0] != "Python":
        return None
    from aicos_tls.sources.python.servers import command_settings

    expanded = {
        name: service.service.expand(variable.value or "") or ""
        for name, variable in service.service.environment.items()
    }
    image = service.stage.environment if service.stage else {}
    environment = {**image, **expanded, **dict(service.start.environment)}
    return command_settings(service.start.words, service.context, environment)


def way_of(
    service: ServiceSources, facts: Facts | None, changes: ServiceChanges | None, variables: Collection[str]
) -> tuple[Way, str]:
    """How a service comes to serve TLS, and the reason in words; `variables` are those that it has now."""
    if not service.context.is_server:
        return Way.NOT_A_SERVER, "it serves as before"
    settings = settings_of(service)
    if settings is not None and settings.way.name != "CODE":
        return _by_command(settings, variables)
    if facts and facts.serves_tls:
        return Way.CODE, f"{facts.serves_tls.what} ({facts.serves_tls.where})"
    if service.runtime[0] in STATIC:
        return _by_configuration(service, changes)
    if facts:
        return Way.NEEDS_CODE, f"see: aicos-tls code show {service.service.name}"
    return Way.NONE, _nothing_known(service)


def _by_command(settings: CommandSettings, variables: Collection[str]) -> tuple[Way, str]:
    """What the start command says: an image that starts `uvicorn main:app` never reaches `uvicorn.run` in its code."""
    if settings.way.name == "OWN":
        return Way.SET, settings.reason
    if settings.way.name == "NONE":
        return Way.NONE, settings.reason
    if settings.way.name == "WORDS":
        return Way.SETTINGS, f"{settings.server} needs the options {' '.join(settings.add)}"
    names = " and ".join(settings.environment)
    if all(name in variables for name in settings.environment):
        return Way.SET, f"{settings.server} reads {names}, which are set"
    return Way.SETTINGS, f"{settings.server} reads {names}, which have to be set"


def _nothing_known(service: ServiceSources) -> str:
    if runtime := service.runtime[0]:
        return f"{runtime} sources are not read here"
    return service.problem or "nothing says what it runs on"


def _by_configuration(service: ServiceSources, changes: ServiceChanges | None) -> tuple[Way, str]:
    runtime = service.runtime[0]
    if runtime != "nginx":
        return Way.CONFIGURATION, f"the configuration of {runtime} is changed to ask over TLS, not to serve it"
    own = list(service.configurations.values())
    if any(listens_ssl(file.text) for file in own):
        return Way.SET, "its configuration listens with ssl"
    files = [result.file for result in changes.results if result.changes] if changes else []
    names = ", ".join(dict.fromkeys(str(file.path) for file in files))
    if names:
        return Way.CONFIGURATION, f"a change of {names} is there"
    if not own:
        return Way.CONFIGURATION, "no file of its sources is a configuration of nginx"
    return Way.CONFIGURATION, f"{', '.join(str(file.path) for file in own)} has no `listen` with ssl yet"


def wanted_settings(services: Mapping[str, ServiceSources], names: Collection[str]) -> dict[str, dict[str, str]]:
    """Variables that the servers among `names` need besides those of the guide, by service."""
    found: dict[str, dict[str, str]] = {}
    for name, service in services.items():
        if name in names and service.context.is_server:
            settings = settings_of(service)
            if settings is not None and settings.environment:
                found[name] = dict(settings.environment)
    return found
