"""`env` for server programs that a start command or a runtime tells: Python's, Kestrel, Spring Boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.serving.model import How, Needs, Option, Setting, Words
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.python.servers import Way, command_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aicos_tls.serving.model import Place
    from aicos_tls.sources.status import ServiceStatus

_RENEWS = frozenset({"gunicorn"})
"""Programs that read the files anew for each connection (tried; gunicorn with its own workers)."""

_KESTREL = "ASP.NET Core documentation, Kestrel endpoints, 'Configure the default certificate'"
_SPRING = "Spring Boot reference, 'Configure SSL', PEM-encoded certificates; since 2.7"


def program(
    status: ServiceStatus, place: Place, ports: tuple[int, ...], environment: Mapping[str, str]
) -> Option | None:
    """The settings of the server program, or None when no such program is known."""
    return (
        _python(status, place, ports, environment)
        or _kestrel(status, place, ports)
        or _spring(status, place, environment)
    )


def _python(
    status: ServiceStatus, place: Place, ports: tuple[int, ...], environment: Mapping[str, str]
) -> Option | None:
    start = status.start
    if start is None:
        return None
    context = CodeContext(status.service, place.short_name, place.mount_path, frozenset(ports), {}, is_server=True)
    found = command_settings(start.words, context, {**environment, **dict(start.environment)})
    if found is None:
        return None
    if found.way is Way.OWN:
        return Option(How.CODE, found.reason, start.where, source=found.source, tried=True, ports=ports)
    if found.way not in {Way.ENVIRONMENT, Way.WORDS}:
        return None
    settings = tuple(Setting(name, value) for name, value in found.environment.items())
    words = Words(found.add, found.drop, instead_of_none=start.words, foreign=_foreign(status))
    return Option(
        How.ENV,
        found.reason,
        start.where,
        Needs(settings, words),
        source=found.source,
        tried="tried" in found.source,
        renews=found.server in _RENEWS,
        ports=ports,
    )


def _foreign(status: ServiceStatus) -> str:
    """Why options at the end of the command would not reach the server program; empty when they would."""
    start = status.start
    if start is None or not start.via:
        return ""
    return f"its command starts {start.program} by way of {'another program' if start.varies else start.via[0]}"


def _kestrel(status: ServiceStatus, place: Place, ports: tuple[int, ...]) -> Option | None:
    if status.runtime != ".NET":
        return None
    prefix = "ASPNETCORE_Kestrel__Certificates__Default__"
    settings = (
        Setting("ASPNETCORE_URLS", ";".join(f"https://+:{port}" for port in ports)),
        Setting(f"{prefix}Path", place.certificate),
        Setting(f"{prefix}KeyPath", place.key),
    )
    evidence = status.evidence[0] if status.evidence else None
    return Option(
        How.ENV,
        "Kestrel reads its addresses and certificate from variables",
        evidence.where if evidence else None,
        Needs(settings),
        source=_KESTREL,
        note="an address that the code sets itself (UseUrls, ListenAnyIP) stands over these",
        ports=ports,
        asks_port=not ports,
    )


def _spring(status: ServiceStatus, place: Place, environment: Mapping[str, str]) -> Option | None:
    variable = next((name for name in sorted(environment) if name.startswith("SPRING_")), "")
    if status.runtime != "Java" or not variable:
        return None
    settings = (
        Setting("SERVER_SSL_CERTIFICATE", f"file:{place.certificate}"),
        Setting("SERVER_SSL_CERTIFICATE_PRIVATE_KEY", f"file:{place.key}"),
    )
    return Option(
        How.ENV,
        f"Spring Boot ({variable} is set) reads its certificate from variables",
        None,
        Needs(settings),
        source=_SPRING,
        note="needs Spring Boot 2.7 or newer",
        ports=status.ports,
    )
