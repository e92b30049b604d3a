"""Every reference to a server in the files of a project, with what becomes of it.

A reference is `code` when a change of a source covers it, `follows` when it is done already, `compose` when the compose
plan covers it. Everything else is left and said: texts for people and comments, what browsers load, tests, and what a
person has to look at.
"""

from __future__ import annotations

import bisect
import re
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from aicos_tls.plan.checks import healthchecks
from aicos_tls.plan.references import BROWSER_PREFIXES, REWRITABLE, Kind
from aicos_tls.sources.comments import comments, is_documentation, suffix
from aicos_tls.sources.configurations import kind_of
from aicos_tls.sources.languages import is_known
from aicos_tls.sources.testfiles import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aicos_tls.errors import Where
    from aicos_tls.files import TextFile
    from aicos_tls.plan.model import Plan
    from aicos_tls.sources.mentions import Mention, Names
    from aicos_tls.sources.model import CodeChange, CodeResult

_IN_PAGES = frozenset({"html", "htm", "vue", "svelte", "css", "scss", "less"})
_SCRIPTS = frozenset({"js", "jsx", "mjs", "ts", "tsx"})
_BROWSER = re.compile(rf"\b(?:{'|'.join(BROWSER_PREFIXES)})\w|import\.meta\.env")
_CONFIGURES_TOOL = re.compile(r"\.config\.[cm]?[jt]s$|^(?:build|webpack|gulpfile|rollup)[.\w]*\.[cm]?[jt]s$")
_GIVEN = re.compile(r"\b(?:\w*[tT]ls\.url|tlsURL)\(\s*(?:fmt\.Sprintf\(\s*)?[A-Za-z]{0,2}[\"'`]{1,3}\Z")
"""A text that is given to the function of a helper which makes it https while TLS_ENABLED is true."""
_NEAR = 60
_USED = "what uses this constant is changed"


class Verdict(Enum):
    """What becomes of a reference."""

    CODE = "code"
    FOLLOWS = "follows"
    COMPOSE = "compose"
    DOCUMENTATION = "documentation"
    TEST = "test"
    BROWSER = "browser"
    LOOK = "look"


class SourceReference(Struct, frozen=True):
    """A server named in a file: as written, which service it is, what becomes of it and why."""

    where: Where
    text: str
    target: str
    verdict: Verdict
    why: str


def in_compose(plan: Plan) -> Iterator[SourceReference]:
    """Yield the references that the compose files and their env files hold."""
    for reference in plan.references:
        if not reference.url.plain or reference.target not in plan.servers:
            continue
        url, kind = reference.url, reference.kind
        text = f"{url.scheme}://{url.host}" + ("" if url.port is None else f":{url.port}")
        verdict = {Kind.BROWSER: Verdict.BROWSER}.get(kind, Verdict.LOOK)
        verdict = Verdict.COMPOSE if kind in REWRITABLE else verdict
        yield SourceReference(reference.where, text, reference.target, verdict, kind.value)
    for name, check in healthchecks(plan.project).items():
        if name in plan.servers:
            for ask in check.asks:
                text = f"http://{ask.host}" + ("" if ask.port is None else f":{ask.port}")
                yield SourceReference(check.where, text, name, Verdict.COMPOSE, "its healthcheck")


def in_file(
    file: TextFile, names: Names, results: Iterable[CodeResult], *, static: bool, compose: bool
) -> Iterator[SourceReference]:
    """Yield the references in a file. `results` are what the languages say about it.

    `static`: it belongs to a service that serves files to browsers. `compose`: the compose plan speaks for it, so that
    only its comments are left.
    """
    found = sorted(names.mentions(file.text), key=lambda mention: mention.start)
    if not found:
        return
    judge = _Judge(file, list(results), static=static)
    for mention in found:
        if compose and not judge.in_comment(mention):
            continue
        verdict, why = judge.verdict(mention)
        yield SourceReference(file.where(mention.start), mention.text, mention.target, verdict, why)


class _Judge:
    """Decides about the mentions of one file."""

    def __init__(self, file: TextFile, results: list[CodeResult], *, static: bool) -> None:
        self._file, self._static = file, static
        self._name = file.path.name.lower()
        self._suffix = suffix(file.path)
        self._spans = [span for result in results for change in result.changes for span in _spans(file, change)]
        self._browser = next((result.browser for result in results if result.browser), "")
        covered = [each for result in results for each in result.covered]
        self._spans += [(each.start, each.end, _USED) for each in covered if not each.done]
        self._done = [(each.start, each.end) for each in covered if each.done]
        self._manual = {manual.where.line: manual.reason for result in results for manual in result.manual}
        self._comments = comments(file.path, file.text)
        self._proxy = kind_of(file.path, file.text) is not None

    def in_comment(self, mention: Mention) -> bool:
        at = bisect.bisect_right(self._comments, (mention.start, len(self._file.text))) - 1
        return at >= 0 and mention.start < self._comments[at][1]

    def _change(self, mention: Mention) -> str | None:
        covering = [span for span in self._spans if span[0] <= mention.end and span[1] >= mention.start]
        if covering:
            return min(covering, key=lambda span: span[1] - span[0])[2]
        return None

    def _told(self, mention: Mention) -> str | None:
        """What the languages say that a person has to look at on this line."""
        return self._manual.get(self._file.where(mention.start).line)

    def verdict(self, mention: Mention) -> tuple[Verdict, str]:
        if aside := self._aside(mention):
            return aside
        if what := self._change(mention):
            return Verdict.CODE, what
        if self._follows(mention):
            return Verdict.FOLLOWS, "https while TLS_ENABLED is true"
        if self._proxy and self._spans and "://" not in mention.text and not self._told(mention):
            return Verdict.CODE, "the address stays, what asks it is changed"
        if self._browser or (self._for_browsers(mention) and not self._told(mention)):
            unreached = "for browsers: they do not reach containers by service name"
            return Verdict.BROWSER, f"runs in the browser ({self._browser})" if self._browser else unreached
        return Verdict.LOOK, self._told(mention) or self._unknown()

    def _aside(self, mention: Mention) -> tuple[Verdict, str] | None:
        """What is no part of the program."""
        if is_documentation(self._file.path):
            return Verdict.DOCUMENTATION, "a text for people"
        if is_test(self._file.path) and not self._spans:
            return Verdict.TEST, "a test"
        return (Verdict.DOCUMENTATION, "a comment") if self.in_comment(mention) else None

    def _follows(self, mention: Mention) -> bool:
        """Whether a text is given to the helper, or is a constant whose uses are."""
        if any(start <= mention.start < end for start, end in self._done):
            return True
        return _GIVEN.search(self._file.text, max(mention.start - _NEAR, 0), mention.start) is not None

    def _for_browsers(self, mention: Mention) -> bool:
        if self._suffix in _IN_PAGES:
            return True
        text = self._file.text
        end = text.find("\n", mention.end)
        line = text[text.rfind("\n", 0, mention.start) + 1 : end if end >= 0 else len(text)]
        if _BROWSER.search(line):
            return True
        return self._static and self._suffix in _SCRIPTS and not _CONFIGURES_TOOL.search(self._name)

    def _unknown(self) -> str:
        """Why nothing is done about it."""
        if self._name.endswith((".example", ".sample", ".template", ".dist")) or ".example." in self._name:
            return "an example: change it as the file that it is an example of"
        if _CONFIGURES_TOOL.search(self._name):
            return "the configuration of a tool that runs outside of the containers"
        if is_known(self._suffix):
            return "no change of the code covers it"
        kind = f".{self._suffix} files" if self._suffix else f"files such as {self._file.path.name}"
        return f"{kind} are not changed"


def _spans(file: TextFile, change: CodeChange) -> Iterator[tuple[int, int, str]]:
    """Yield what a change covers: each splice, and what lies between those of one line (`url(` … `)`)."""
    yield from ((splice.start, splice.end, change.what) for splice in change.splices)
    start = min((s.start for s in change.splices), default=0)
    end = max((s.end for s in change.splices), default=0)
    if "\n" not in file.text[start:end]:
        yield start, end, change.what


def sort_key(reference: SourceReference) -> tuple[Path, int, int, str]:
    """References are shown file by file, from top to bottom."""
    return reference.where.path, reference.where.line, reference.where.column, reference.text
