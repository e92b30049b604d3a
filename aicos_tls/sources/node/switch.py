"""The texts that a URL of a server becomes, so that it is https while TLS_ENABLED is true and stays what it was else.

    'http://api:8001'              tls.url('http://api:8001')
    `see http://api:8001/docs`     `see ${tls.url('http://api:8001')}/docs`
    'http://a:1,http://b:2'        (tls.url('http://a:1,') + tls.url('http://b:2'))

The server that is asked follows the same switch. In the configuration of a tool, which does not load the helper, the
condition is written out, with the values that the helper takes for true:
`` `http${/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || '') ? 's' : ''}://api:8001` ``. What is evaluated when an
image is built cannot know the switch: there the URL is https.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aicos_tls.compose.urls import Url

Form = Literal["helper", "process", "literal"]
"""How a file says it: by a call of the helper, by the condition itself, or https for good."""

_TEMPLATE = "`"
_FIRST, _INNERMOST = (-2,), (2,)
"""Ranks of insertions at one place: what ends a literal goes before what is put behind it, what begins it after."""


def switched(text: str, urls: Sequence[Url], form: Form, name: str) -> list[Splice]:
    """What changes some URLs in a string or template literal as it is written; offsets are those in `text`.

    `name` is the helper's. Insertions only, but for the quotes of a string that becomes a template: what else changes
    within or around the literal has room.
    """
    if form == "literal":
        return _literally(urls, "")
    if form == "process":
        return _by_process(text, urls)
    if len(urls) == 1 and urls[0].start == 1:
        return wrapped(0, len(text), name)
    return _in_template(text, urls, name) if text.startswith(_TEMPLATE) else _in_parts(text, urls, name)


def wrapped(start: int, end: int, name: str) -> list[Splice]:
    """`…` becomes `tls.url(…)`."""
    return [Splice(start, start, _INNERMOST, f"{name}.url("), Splice(end, end, _FIRST, ")")]


def _in_parts(text: str, urls: Sequence[Url], name: str) -> list[Splice]:
    """Split a string where its URLs begin: the helper's function looks at the beginning of a text."""
    quote, call = text[0], f"{name}.url("
    if urls[0].start == 1:
        found = [Splice(0, 0, _INNERMOST, f"({call}")]
    else:
        found = [
            Splice(0, 0, _INNERMOST, "("),
            Splice(urls[0].start, urls[0].start, _FIRST, f"{quote} + {call}{quote}"),
        ]
    found += [Splice(url.start, url.start, _FIRST, f"{quote}) + {call}{quote}") for url in urls[1:]]
    return [*found, Splice(len(text), len(text), _FIRST, "))")]


def _in_template(text: str, urls: Sequence[Url], name: str) -> list[Splice]:
    found = []
    for url in urls:
        quote = _TEMPLATE if "$" in text[url.start : url.end] else "'"
        found.append(Splice(url.start, url.start, _INNERMOST, f"${{{name}.url({quote}"))
        found.append(Splice(url.end, url.end, _FIRST, f"{quote})}}"))
    return found


def _by_process(text: str, urls: Sequence[Url]) -> list[Splice]:
    quote = "'" if text.startswith(_TEMPLATE) else text[0]
    on = f"/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || {quote}{quote})"
    letter = f"${{{on} ? {quote}s{quote} : {quote}{quote}}}"
    found = _literally(urls, letter)
    if not text.startswith(_TEMPLATE):
        end = len(text)
        found += [Splice(0, 1, _FIRST, _TEMPLATE), Splice(end - 1, end, _FIRST, _TEMPLATE)]
    return found


def _literally(urls: Sequence[Url], letter: str) -> list[Splice]:
    """The URLs with the port that they mean, and `s` (or what stands for it) behind their scheme."""
    return [
        Splice(each.at, each.at, _FIRST, each.text if each.text.startswith(":") else letter or each.text)
        for url in urls
        for each in url.insertions
    ]


def fits_template(text: str) -> bool:
    """Whether a string literal means the same between backticks."""
    return text.startswith(_TEMPLATE) or not re.search(r"`|\$\{|\\[0-7\n]", text)
