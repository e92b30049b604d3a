"""What is said beside a change of sources: what browsers run stays, redirect URIs are registered elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from aicos_tls.compose import urls
from aicos_tls.plan.callbacks import REGISTER, is_callback
from aicos_tls.plan.model import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Change, PlannedFile
    from aicos_tls.sources.changes import ServiceChanges

_LONGEST = 2_000
"""Characters of a line that are looked at; a longer one is written by a program."""


def browser_notes(found: Mapping[str, ServiceChanges], servers: Mapping[str, str]) -> Iterator[Note]:
    """Yield for each service which of its sources run in browsers, by the evidence, and the servers that they name."""
    for name, service in found.items():
        files = defaultdict(list)
        for result in service.results:
            if result.browser:
                files[result.browser].append(result.file)
        for evidence, each in files.items():
            what = "it runs" if len(each) == 1 else f"it and {len(each) - 1} more run"
            yield Note("kept", f"not changed: {what} in the browser ({evidence})", name, each[0].where(0))
            for file in each:
                yield from _named(file, name, servers, evidence)


def _named(file: TextFile, service: str, servers: Mapping[str, str], evidence: str) -> Iterator[Note]:
    for url in urls.find(file.text):
        if url.plain and urls.host_name(url.host) in servers:
            text = (
                f"{file.text[url.start : url.end]} stays: browsers ({evidence}) do not reach containers by service name"
            )
            yield Note("kept", text, service, file.where(url.start))


def callback_notes(changes: Iterable[Change], files: Iterable[PlannedFile]) -> Iterator[Note]:
    """Yield the redirect URIs among the changed URLs: who sends users there compares them letter by letter."""
    before = {file.path: file.before.text.split("\n") for file in files if file.before is not None}
    seen = set()
    for change in changes:
        line = "".join(before.get(change.where.path, [])[change.where.line - 1 : change.where.line])[:_LONGEST]
        for url in urls.find(line):
            text = re.split(r"[\s\"'`<>]", line[url.start :], maxsplit=1)[0].rstrip(",;)")
            place = (change.where.path, change.where.line, text)
            if url.plain and place not in seen and is_callback(text, line[: url.start]):
                seen.add(place)
                yield Note("todo", f"{text} is https with TLS: {REGISTER}", change.service, change.where)
