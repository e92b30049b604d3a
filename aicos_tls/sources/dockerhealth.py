"""Changes a Dockerfile's HEALTHCHECK in place, so that it asks its own service over HTTPS.

    HEALTHCHECK CMD wget --spider http://localhost:8005/health || exit 1
    HEALTHCHECK CMD wget --no-check-certificate --spider https://localhost:8005/health || exit 1

What is asked, and how, is the business of `aicos_tls.healthchecks`; here its edits find their places in the file,
through continued lines and JSON. An image knows nothing of `TLS_ENABLED`: where it also runs without TLS, an override
in the compose file is the better place, and the compose half of a plan puts one there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls import healthchecks as knowledge
from aicos_tls.errors import TlsError
from aicos_tls.healthchecks import Endpoint, Form, InsertWord, Refused, Rewritten, Trust, TrustPaths
from aicos_tls.sources import jsonwords
from aicos_tls.sources.dockerfile import ImageHealthcheck, image_healthcheck, parse
from aicos_tls.sources.model import CodeChange, CodeResult, Manual
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.files import TextFile
    from aicos_tls.healthchecks import Edit, TextEdit
    from aicos_tls.sources.model import CodeContext


class _NoPlaceError(Exception):
    """An edit spans a line break of the file."""


def transform(
    file: TextFile,
    context: CodeContext,
    *,
    target: str | None = None,
    trust: Trust = Trust.INSECURE,
    paths: TrustPaths | None = None,
) -> CodeResult:
    """The change of the HEALTHCHECK of a server's Dockerfile; nothing for a service that is no server."""
    try:
        found = image_healthcheck(parse(file, target)) if context.is_server else None
    except TlsError:
        return CodeResult(file)  # no stage: the status of the service says so
    if found is None:
        return CodeResult(file)
    own = frozenset(name for name, service in context.servers.items() if service == context.service)
    outcome = knowledge.rewrite(found.test, Endpoint(own, context.ports), trust, paths or TrustPaths())
    where = file.where(_offset(found, found.start))
    if isinstance(outcome, Refused):
        return CodeResult(file, manual=(Manual(where, f"HEALTHCHECK: {outcome.reason}", outcome.suggestion),))
    if not isinstance(outcome, Rewritten) or not outcome.edits:
        return CodeResult(file)
    try:
        splices = tuple(_splices(found, outcome.edits))
    except _NoPlaceError:
        after = knowledge.apply(found.test, outcome.edits)
        return CodeResult(file, manual=(Manual(where, "HEALTHCHECK: the change spans lines", _paste(after.words)),))
    return CodeResult(file, (CodeChange(f"HEALTHCHECK: {outcome.summary}", where, splices),))


def _paste(words: tuple[str, ...]) -> str:
    return "HEALTHCHECK CMD " + " ".join(words).replace("$$", "$")


def _offset(found: ImageHealthcheck, at: int) -> int:
    return found.instruction.offsets[at]


def _splices(found: ImageHealthcheck, edits: tuple[Edit, ...]) -> Iterator[Splice]:
    value = found.instruction.value
    if found.test.form is Form.SHELL:
        spans = [(at, at + 1) for at in range(found.start, len(value))]
        for edit in edits:
            assert not isinstance(edit, InsertWord)  # noqa: S101 - shell text has one word
            yield _splice(found, edit, _plain(edit.text), value[found.start :], spans)
        return
    items = jsonwords.words(value, found.start)
    for rank, edit in enumerate(edits):
        if isinstance(edit, InsertWord):
            yield _new_word(found, items, edit, rank)
        else:
            word = items[edit.word]
            inner = jsonwords.written(_plain(edit.text))
            yield _splice(found, edit, inner, word.value, list(word.spans))


def _plain(text: str) -> str:
    return text.replace("$$", "$")


def _splice(
    found: ImageHealthcheck, edit: TextEdit, replacement: str, word: str, spans: list[tuple[int, int]]
) -> Splice:
    """The edit of one word, whose characters have these spans in the value, as an edit of the file."""
    start, end = _undoubled(word, edit.start), _undoubled(word, edit.end)
    if start == end:  # behind the character before it: a line break may follow
        at = _offset(found, spans[start - 1][1] - 1) + 1 if start else _offset(found, spans[0][0])
        return Splice(at, at, (0,), replacement)
    first, last = spans[start][0], spans[end - 1][1] - 1
    begin, stop = _offset(found, first), _offset(found, last) + 1
    if stop - begin != last + 1 - first:
        raise _NoPlaceError
    return Splice(begin, stop, (0,), replacement)


def _undoubled(word: str, at: int) -> int:
    """The index in `word` of the character at `at` of the same word with every `$` doubled."""
    seen = 0
    for index, char in enumerate(word):
        if seen >= at:
            return index
        seen += 2 if char == "$" else 1
    return len(word)


def _new_word(found: ImageHealthcheck, items: tuple[jsonwords.JsonWord, ...], edit: InsertWord, rank: int) -> Splice:
    quoted = f'"{jsonwords.written(_plain(edit.text))}"'
    at = _offset(found, items[edit.before].start)  # an option stands before what it is about
    return Splice(at, at, (rank,), f"{quoted}, ")
