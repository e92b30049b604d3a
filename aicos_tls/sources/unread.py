"""Clients in languages that are not read: where their sources name a server, and how their runtime trusts the CA.

Their code stays as it is, so that a person has to know of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.sources.comments import comments, is_documentation, suffix
from aicos_tls.sources.languages import MODULES, load
from aicos_tls.sources.mentions import Names
from aicos_tls.sources.runtime import STATIC
from aicos_tls.sources.testfiles import is_test
from aicos_tls.sources.trust import how_to_trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.errors import Where
    from aicos_tls.sources.project import ServiceSources, Sources

_SUFFIXES = {
    "Java": "java kt kts scala groovy",
    ".NET": "cs fs vb",
    "PHP": "php",
    "Ruby": "rb",
    "Rust": "rs",
    "Elixir": "ex exs",
    "Bun": "js mjs ts tsx",
    "Deno": "js mjs ts tsx",
}
_CONFIGURATION = frozenset("properties yml yaml json toml ini xml".split())
"""Files in which such programs keep addresses: application.yml, appsettings.json."""


class Unread(Struct, frozen=True):
    """A service whose sources are not read and that asks a server: in words, and the place that says so."""

    service: str
    words: str
    where: Where


def unread_clients(sources: Sources, names: tuple[str, ...]) -> Iterator[Unread]:
    """Yield the places where services among `names`, in a language that is not read, ask another server."""
    read = {load(module).name for module in MODULES}
    servers = Names(sources.servers, {})
    for name in names:
        service = sources.services[name]
        runtime = service.runtime[0] or _by_files(service)
        if runtime in read or runtime in STATIC:
            continue
        authority = f"{sources.plan.policy.mount_path}/ca-cert.pem"
        how = how_to_trust(runtime, authority) or f"it has to be told to trust {authority}"
        language = runtime or "a runtime that is not known"
        words = f"sources in {language} are not read: where they ask a server it has to be https, and {how}"
        places = [*_named(servers, service, runtime)] if sources.servers else []
        places = places or [edge.where for edge in sources.plan.edges if edge.client == name]
        yield from (Unread(name, words, where) for where in dict.fromkeys(places))


def _by_files(service: ServiceSources) -> str:
    """The runtime that the sources of a service are for, where its image does not say."""
    found = {suffix(path) for path in service.files}
    return next((runtime for runtime, known in _SUFFIXES.items() if found.intersection(known.split())), "")


def _named(servers: Names, service: ServiceSources, runtime: str) -> Iterator[Where]:
    """Yield the places in the sources of a service that name a server, its own name excepted."""
    wanted = _CONFIGURATION.union(_SUFFIXES.get(runtime, "").split())
    for path, file in service.files.items():
        if suffix(path) not in wanted or is_test(path) or is_documentation(path):
            continue
        spans = comments(path, file.text)
        others = (each for each in servers.mentions(file.text) if each.target != service.service.name)
        for mention in others:
            if not any(start <= mention.start < end for start, end in spans):
                yield file.where(mention.start)
