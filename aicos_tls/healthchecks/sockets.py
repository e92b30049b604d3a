"""Tests that open a TCP connection: bash's `/dev/tcp/HOST/PORT`, `nc`, `ncat`, `socat`, `telnet`.

A connection alone stays valid when the port speaks TLS, so nothing changes. One that goes on to send `GET / HTTP/1.1`
by hand cannot speak TLS at all: it is refused, with the curl command that asks the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.healthchecks.found import Found
from aicos_tls.healthchecks.model import Ask
from aicos_tls.healthchecks.urls import Owner, owner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.found import Context

TCP_FILE = re.compile(r"/dev/tcp/(?P<host>[^/\s]+)/(?P<port>\$?\$?\{[^}]*\}|[^\s'\";&|)<>]+)")
SENDS_REQUEST = re.compile(
    r"\b(?:GET|HEAD|POST|OPTIONS)\s+(?P<path>[^\s'\"\\]+)(?:\s|\\)+HTTP/|\b(?:GET|HEAD)\s+(?P<bare>/[^\s'\"\\]*)"
)
_NETCAT = re.compile(r"(?:^|[\s;|&(/'\"])(?:nc|ncat|netcat|socat|telnet)\s(?P<rest>[^|;&]*)")
_HOST_PORT = re.compile(r"(?:^|[\s:])(?P<host>\[[^\]]*\]|[A-Za-z0-9._$(){}`-]*[A-Za-z)}`0-9])[\s:]+(?P<port>\d{1,5})\b")
_CONNECT = "it only connects, which works over TLS too"


def read_sockets(text: str, context: Context) -> Found:
    """What shell `text` does with connections of its own making."""
    places = [*TCP_FILE.finditer(text), *_netcat_places(text)]
    if not places:
        return Found()
    request = SENDS_REQUEST.search(text)
    if request is None:
        return Found(silent=(_CONNECT,))
    found = Found(programs=("shell",))
    for place in places:
        if owner(place["host"], context.endpoint) is not Owner.OTHER:
            port = int(place["port"]) if re.fullmatch(r"\d{1,5}", place["port"]) else None
            asked = Ask(port, request["path"] or request["bare"], place["host"])
            found += Found(asks=(asked,), refusals=("it speaks HTTP by hand over a plain connection",))
    return found


def _netcat_places(text: str) -> list[re.Match[str]]:
    places = [_HOST_PORT.search(call["rest"]) for call in _NETCAT.finditer(text)]
    return [place for place in places if place is not None]


def read_netcat(words: Sequence[str], context: Context) -> Found:
    """`nc`, `ncat`, `netcat`, `socat`, `telnet` as a command: what it sends, if anything, is seen in the whole text."""
    del words, context
    return Found(silent=(_CONNECT,))
