"""What a haproxy.cfg asks: every server of its proxies, over TLS or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.sources import placeholders
from aicos_tls.sources.asked import Asked
from aicos_tls.sources.haproxy.parse import address, members, parse
from aicos_tls.sources.haproxy.transform import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.files import TextFile


def asked(files: Iterable[TextFile], variables: Mapping[str, str]) -> Iterator[Asked]:
    """Yield what the files ask; `variables` are those of the environment.

    A server without a port is asked at the port that the client came in on.
    """
    for file in files:
        for member in members(parse(file.text)):
            host, port = address(placeholders.braces(member.address.value, variables) or "")
            if not host:
                continue
            line = member.line
            text = file.text[line.start : line.end]
            grpc = "proto" in member.options and "h2" in member.options
            family = "tcp" if member.section.mode == "tcp" else ("grpc" if grpc else "http")
            paste = "" if member.tls else f"{text} {' '.join(words(member, host, '{ca}'))}"
            yield Asked(family, host, port, member.tls, text, line.name, file.where(line.start), paste)
