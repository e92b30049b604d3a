"""Ruby one-liners, in their plain forms: `Net::HTTP.get…(URI('http://…'))` and open-uri's `URI.open('http://…')`.

`Net::HTTP.get` has no argument for certificates, so it becomes `Net::HTTP.start(host, port, use_ssl: true, …)` (Ruby
docs, Net::HTTP, "HTTPS"); `URI.open` takes `ssl_verify_mode:` and `ssl_ca_cert:` (docs,
OpenURI; a number, since the constant is not loaded yet where it stands). Tried with Ruby 3.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls import budgets
from aicos_tls.healthchecks.edits import minimal
from aicos_tls.healthchecks.found import ANY_ADDRESS, Found, leftover, look
from aicos_tls.healthchecks.model import Ask, TextEdit, Trust
from aicos_tls.healthchecks.sockets import SENDS_REQUEST
from aicos_tls.healthchecks.urls import DEFAULT_PORT, Owner, owner, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.urls import Url

_QUOTED = r"(?P<quote>['\"])(?P<address>[^'\"\\#\s]*)(?P=quote)"
_GET = re.compile(rf"Net::HTTP\.(?P<verb>get_response|get)\(\s*URI(?:\.parse)?\(\s*{_QUOTED}\s*\)\s*\)")
_SECURE = re.compile(r"Net::HTTP\.start\(\s*['\"](?P<host>[^'\"]*)['\"]\s*,\s*(?P<port>\d+)\s*,\s*use_ssl: true")
_OPEN = re.compile(rf"(?:URI\.open|(?<![\w.:])open)\(\s*{_QUOTED}\s*(?P<end>\))")


def read_ruby(words: Sequence[str], context: Context) -> Found:
    """What `ruby -e CODE` does."""
    at = next((index + 1 for index in range(1, len(words) - 1) if words[index] == "-e"), None)
    if at is None:
        return Found(programs=("ruby",), silent=("a script of the image, which cannot be seen from here",))
    return replace(_read_code(words[at], context), programs=("ruby",)).on_word(at)


def _read_code(text: str, context: Context) -> Found:
    found = Found()
    seen: set[int] = set()
    for call in (*_GET.finditer(text), *_OPEN.finditer(text)):
        seen.add(call.start("address"))
        url = parse(call["address"])
        if url is not None:
            found += _read_call(text, call, url, context)
    for call in _SECURE.finditer(text):
        if owner(call["host"], context.endpoint) is Owner.SELF:
            found += Found(secure=(Ask(budgets.number(call["port"]), "/", call["host"]),))
    found += leftover(text, seen, context)
    if found.own or found.refusals or found.others or found.notes:
        return found
    if "Net::HTTP" in text:
        return Found(refusals=("a form of request that cannot be changed here",))
    if SENDS_REQUEST.search(text) and "Socket" in text:
        return Found(refusals=("it speaks HTTP by hand over a plain connection",))
    return Found(silent=("the code asks nothing over HTTP",))


def _read_call(text: str, call: re.Match[str], url: Url, context: Context) -> Found:
    found = look(url, 0, context)
    if not found.asks:
        return found
    if context.trust is Trust.MUTUAL:
        return replace(found, edits=()) + Found(refusals=("ruby needs several lines for a client certificate",))
    if url.has_port and url.port is None and "verb" in call.groupdict():
        return replace(found, edits=()) + Found(refusals=("a port in a variable cannot be handed to Net::HTTP.start",))
    if "verb" in call.groupdict():
        return replace(found, edits=(minimal(_start(call, url, context), text),))
    offset = call.start("address")
    edits = [
        replace(edit, start=edit.start + offset, end=edit.end + offset)
        for edit in found.edits
        if isinstance(edit, TextEdit)
    ]
    quote = call["quote"]
    option = f"ssl_ca_cert: {quote}{context.paths.ca}{quote}" if context.trust.verifies else "ssl_verify_mode: 0"
    end = call.start("end")
    return replace(found, edits=(*edits, TextEdit(0, end, end, f", {option}")))


def _start(call: re.Match[str], url: Url, context: Context) -> TextEdit:
    """The call that asks the same over TLS: the response for `get_response`, its body for `get`."""
    quote = call["quote"]
    path = url.path if url.path.startswith("/") else f"/{url.path}"
    how = (
        f"ca_file: {quote}{context.paths.ca}{quote}"
        if context.trust.verifies
        else "verify_mode: OpenSSL::SSL::VERIFY_NONE"
    )
    host = url.host if not context.trust.verifies else ANY_ADDRESS.get(url.host, url.host)
    body = ".body" if call["verb"] == "get" else ""
    text = (
        f"Net::HTTP.start({quote}{host.strip('[]')}{quote}, {url.port or DEFAULT_PORT}, use_ssl: true, {how})"
        f" {{ |http| http.get({quote}{path}{quote}){body} }}"
    )
    return TextEdit(0, call.start(), call.end(), text)
