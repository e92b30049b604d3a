"""Applying edits to a test, and making them as small as they can be. The one place that applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.errors import InternalError
from aicos_tls.healthchecks.model import InsertWord, Test, TextEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aicos_tls.healthchecks.model import Edit


def apply_text(text: str, edits: Iterable[TextEdit]) -> str:
    """`text` with `edits` applied, whatever word they name; raises `InternalError` on overlap or out of bounds."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not at <= edit.start <= edit.end <= len(text):
            raise InternalError(f"edit {edit} overlaps another or leaves a text of {len(text)} characters")
        parts += (text[at : edit.start], edit.text)
        at = edit.end
    return "".join(parts) + text[at:]


def apply(test: Test, edits: Sequence[Edit]) -> Test:
    """The test that results from `edits`; their indices and offsets all refer to `test` as it is given."""
    inserted = [edit for edit in edits if isinstance(edit, InsertWord)]
    if any(not 0 <= edit.before <= len(test.words) for edit in inserted):
        raise InternalError(f"an item is inserted outside a test of {len(test.words)} items")
    words: list[str] = []
    for index in range(len(test.words) + 1):
        words += [edit.text for edit in inserted if edit.before == index]
        if index < len(test.words):
            here = [edit for edit in edits if isinstance(edit, TextEdit) and edit.word == index]
            words.append(apply_text(test.words[index], here))
    return Test(test.form, tuple(words))


def minimal(edit: TextEdit, text: str) -> TextEdit:
    """The smallest edit of `text` with the same effect: what both sides begin and end with is left alone."""
    old, new = text[edit.start : edit.end], edit.text
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return TextEdit(edit.word, edit.start + head, edit.end - tail, new[head : len(new) - tail])


def coalesced(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The same edits in order, those of one word that touch put into one, so that no two share a place."""
    inserted: list[Edit] = []
    texts: list[TextEdit] = []
    for edit in edits:
        if isinstance(edit, InsertWord):
            inserted.append(edit)
        else:
            texts.append(edit)
    joined: list[TextEdit] = []
    for edit in sorted(texts, key=lambda edit: (edit.word, edit.start, edit.end)):
        last = joined[-1] if joined else None
        if last is not None and (last.word, last.end) == (edit.word, edit.start):
            joined[-1] = TextEdit(edit.word, last.start, edit.end, last.text + edit.text)
        else:
            joined.append(edit)
    return (*inserted, *joined)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
