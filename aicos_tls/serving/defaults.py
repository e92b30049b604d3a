"""Addresses that code has as defaults of variables: with the variable set, code that stays as it is asks over TLS.

    CONTEXT_URL = os.getenv("CONTEXT_SERVICE_URL", "http://context-service:8005")

The compose file says nothing of the variable, so the default counts, and the server does not answer in plain any more.
Known are the usual ways to read a variable with a default, in Python, JavaScript, TypeScript and Go; of a variable
with two defaults nothing is said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.compose.urls import find
from aicos_tls.files import read
from aicos_tls.plan.model import Edge
from aicos_tls.sources.references import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from aicos_tls.errors import Where
    from aicos_tls.sources.project import ServiceSources, Sources
    from aicos_tls.sources.references import SourceReference

_NAME = r"(?P<name>[A-Z][A-Z0-9_]{0,80})"
_URL = r"[\"'`](?P<url>(?:https?|wss?)://[^\"'`\s]{1,200})[\"'`]"
_READS = (
    # Python's os.getenv and os.environ.get, helpers like getEnv of Go, and config of decouple
    re.compile(
        r"\b(?:getenv|environ\.get|env|env\.str|config|getEnv\w{0,20}|envOr\w{0,20}|lookupEnv\w{0,20})"
        rf"\(\s*[\"']{_NAME}[\"']\s*,\s*(?:default\s*=\s*)?[rfu]?{_URL}"
    ),
    # JavaScript: what stands behind || or ??
    re.compile(rf"\bprocess\.env(?:\.|\[[\"']){_NAME}(?:[\"']\])?\s*(?:\|\||\?\?)\s*{_URL}"),
)
_LINES = 3
"""Lines of code, from one before the address on, in which the variable has to be read."""


class Default(Struct, frozen=True):
    """The variable of a service that has to be set: what its code asks otherwise, and what it is to ask."""

    service: str
    target: str
    variable: str
    before: str
    after: str
    where: Where

    @property
    def edge(self) -> Edge:
        """The connection that it is."""
        return Edge(self.service, self.target, self.variable, self.before, self.after, self.where)


def defaults(
    references: Iterable[tuple[str, SourceReference]],
    sources: Sources,
    clients: Collection[str],
    served: Collection[str],
) -> list[Default]:
    """The variables to set for `clients`, whose code is not changed, so that they ask the servers `served` over TLS.

    Raises `TlsError` for a file that cannot be read.
    """
    found: dict[tuple[str, str], set[Default]] = {}
    for name, reference in references:
        if name in clients and reference.verdict is Verdict.CODE and reference.target in {*served} - {name}:
            for each in _defaults(name, reference):
                if not _is_set(each.variable, sources.services[name]):
                    found.setdefault((name, each.variable), set()).add(each)
    alike = [same for same in found.values() if len({each.before for each in same}) == 1]
    return [min(same, key=lambda each: each.where) for same in alike]


def _defaults(name: str, reference: SourceReference) -> Iterator[Default]:
    lines = read(reference.where.path).text.split("\n")
    first = max(reference.where.line - _LINES + 1, 0)
    text = "\n".join(lines[first : reference.where.line + 1])
    for match in (match for pattern in _READS for match in pattern.finditer(text)):
        url = match["url"]
        if not url.startswith(reference.text):
            continue
        for one in find(url):
            if one.plain and one.start == 0:
                after = url
                for insertion in reversed(one.insertions):
                    after = after[: insertion.at] + insertion.text + after[insertion.at :]
                yield Default(name, reference.target, match["name"], url, after, reference.where)


def _is_set(variable: str, service: ServiceSources) -> bool:
    """Whether the compose file, an env file or the image gives the variable a value."""
    environment = service.service.environment
    files = (file.values for file in service.service.env_files)
    image = service.stage.environment if service.stage else {}
    return variable in environment or variable in image or any(variable in values for values in files)
