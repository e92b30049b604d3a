"""PHP one-liners, in their plain forms: `php -r "file_get_contents('http://…');"` and `get_headers('http://…')`.

Both take a stream context as third argument (PHP manual: file_get_contents, get_headers since 7.1, SSL context
options). Tried with PHP 8.2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aicos_tls.healthchecks.found import Found, leftover, look
from aicos_tls.healthchecks.model import TextEdit, Trust
from aicos_tls.healthchecks.sockets import SENDS_REQUEST
from aicos_tls.healthchecks.urls import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.healthchecks.found import Context
    from aicos_tls.healthchecks.urls import Url

_CALL = re.compile(
    r"\b(?:file_get_contents|get_headers)\(\s*(?P<quote>['\"])(?P<address>[^'\"\\\s]*)(?P=quote)\s*(?P<end>\))",
)


def read_php(words: Sequence[str], context: Context) -> Found:
    """What `php -r CODE` does."""
    at = next((index + 1 for index in range(1, len(words) - 1) if words[index] in {"-r", "--run"}), None)
    if at is None:
        return Found(programs=("php",), silent=("a script of the image, which cannot be seen from here",))
    return replace(_read_code(words[at], context), programs=("php",)).on_word(at)


def _read_code(text: str, context: Context) -> Found:
    found = Found()
    seen: set[int] = set()
    for call in _CALL.finditer(text):
        seen.add(call.start("address"))
        url = parse(call["address"])
        if url is not None:
            found += _read_call(call, url, context)
    found += leftover(text, seen, context)
    if found.own or found.refusals or found.others or found.notes:
        return found
    if SENDS_REQUEST.search(text) and "sock" in text:
        return Found(refusals=("it speaks HTTP by hand over a plain connection",))
    return Found(silent=("the code asks nothing over HTTP",))


def _read_call(call: re.Match[str], url: Url, context: Context) -> Found:
    found = look(url, 0, context)
    if not found.asks:
        return found
    quote, offset, end = call["quote"], call.start("address"), call.start("end")
    edits = [
        replace(edit, start=edit.start + offset, end=edit.end + offset)
        for edit in found.edits
        if isinstance(edit, TextEdit)
    ]
    options = ", ".join(f"{quote}{name}{quote} => {value}" for name, value in _options(quote, context))
    argument = f", false, stream_context_create([{quote}ssl{quote} => [{options}]])"
    return replace(found, edits=(*edits, TextEdit(0, end, end, argument)))


def _options(quote: str, context: Context) -> list[tuple[str, str]]:
    """SSL context options and their values, as PHP writes them."""
    if not context.trust.verifies:
        return [("verify_peer", "false"), ("verify_peer_name", "false")]
    options = [("cafile", context.paths.ca)]
    if context.trust is Trust.MUTUAL:
        options += [("local_cert", context.paths.cert), ("local_pk", context.paths.key)]
    return [(name, f"{quote}{path}{quote}") for name, path in options]
