"""Which way a service serves TLS: the first that holds of code, env, preload, sidecar, and the next best one.

Pure: everything that is known comes in, nothing is read. A way that a person asked for is taken alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.serving.images import facts_of, image_option
from aicos_tls.serving.model import Choice, How, Option
from aicos_tls.serving.preload import preload
from aicos_tls.serving.programs import program
from aicos_tls.serving.sidecar import sidecar
from aicos_tls.sources.ways import Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.model import Service
    from aicos_tls.errors import Where
    from aicos_tls.serving.model import Place
    from aicos_tls.sources.status import ServiceStatus


def choose(
    status: ServiceStatus,
    service: Service,
    place: Place,
    *,
    asked: How | None = None,
    ports: tuple[int, ...] = (),
    healthcheck_stays: bool = False,
    asks_itself: Where | None = None,
    unreadable: str = "",
    configured: Option | str | None = None,
) -> Choice:
    """Choose for one service in scope.

    `ports` are those that a person gave, else those that are known from compose file and sources. With
    `healthcheck_stays`, its healthcheck cannot ask over TLS. `asks_itself` is a place in its code that asks the service
    itself over plain HTTP: then only ways are open that answer that. `unreadable` says why its own processes cannot
    read the key: then only a sidecar can serve TLS, unless a way was asked for. `configured` is what is known of its
    configuration files, for a server that has nothing else (nginx). Where a way was `asked` for and is not open, the
    choice is `How.NONE` with the reason.
    """
    if asked is How.NONE:
        return Choice(service.name, Option(How.NONE, "asked for"))
    if status.way is Way.NOT_A_SERVER and asked is None:
        return Choice(service.name, Option(How.NONE, status.way_words))
    open_ways: list[Option] = []
    declined: list[tuple[How, str]] = []
    known = ports or status.ports
    for how, found in _ways(status, service, place, known, healthcheck_stays=healthcheck_stays, configured=configured):
        if isinstance(found, Option) and found.how is How.ENV and asks_itself and configured is None:
            declined.append((how, f"its code asks itself over plain HTTP ({asks_itself})"))
        elif isinstance(found, Option) and unreadable and asked is None and found.how in (How.ENV, How.PRELOAD):
            declined.append((how, unreadable))
        elif isinstance(found, Option):
            open_ways.append(found)
        else:
            declined.append((how, found))
    if asked is not None:
        wanted = [option for option in open_ways if option.how is asked]
        reason = next((reason for how, reason in declined if how is asked), "not open")
        chosen = wanted[0] if wanted else Option(How.NONE, f"--serve {asked.value}: {reason}")
        return Choice(service.name, chosen, None, tuple(declined))
    nothing = Option(How.NONE, "; ".join(reason for _, reason in declined))
    first, second = [*open_ways, nothing][0], next(iter(open_ways[1:]), None)
    return Choice(service.name, first, second, tuple(declined))


def _ways(
    status: ServiceStatus,
    service: Service,
    place: Place,
    ports: tuple[int, ...],
    *,
    healthcheck_stays: bool,
    configured: Option | str | None,
) -> Iterator[tuple[How, Option | str]]:
    yield How.CODE, _code(status, ports)
    found = _settings(status, service, place, ports) if configured is None else configured
    yield (found.how if isinstance(found, Option) else How.ENV), found
    yield How.PRELOAD, preload(status, place, ports, healthcheck_stays=healthcheck_stays)
    yield How.SIDECAR, sidecar(service, ports)


def _code(status: ServiceStatus, ports: tuple[int, ...]) -> Option | str:
    if status.way is not Way.CODE:
        return "its code does not serve TLS yet"
    return Option(How.CODE, status.way_words, status.listens[0].where if status.listens else None, ports=ports)


def _settings(status: ServiceStatus, service: Service, place: Place, ports: tuple[int, ...]) -> Option | str:
    environment = {name: variable.value or "" for name, variable in service.environment.items()}
    facts = facts_of(service.image) if service.image and not service.builds else None
    if facts is not None:
        return image_option(facts, place, ports, status.start.words if status.start else (), environment)
    return program(status, place, ports, environment) or "no settings of its server program are known"
