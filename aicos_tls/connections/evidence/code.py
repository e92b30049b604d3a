"""What the code of a service asks, in every language that `code.grammars` knows, and in the files of its frameworks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls import budgets
from aicos_tls.connections.code.expressions import Evaluator
from aicos_tls.connections.code.finding import Finder
from aicos_tls.connections.code.grammars import GRAMMARS
from aicos_tls.connections.code.names import Names
from aicos_tls.connections.code.tree import Text, Word
from aicos_tls.connections.code.variables import Variables
from aicos_tls.connections.evidence.devproxies import READER as DEVELOPMENT
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.settings.asked import Asked, asked
from aicos_tls.connections.settings.families import family_of
from aicos_tls.connections.settings.reading import settings
from aicos_tls.connections.trust import remedy
from aicos_tls.errors import TlsError
from aicos_tls.sources.comments import suffix
from aicos_tls.sources.testfiles import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.code.tree import Group
    from aicos_tls.connections.model import Surroundings
    from aicos_tls.connections.settings.asked import Known
    from aicos_tls.connections.settings.reading import Settings
    from aicos_tls.files import TextFile

LONGEST = 1_000_000
"""Characters: a longer source is generated."""
_URL_IN_PIECES = re.compile(r"://[{%$#\"'`\\]")
_HOST_GIVEN = re.compile(r"[hH](?:ost|OST)_?(?:[nN]ame|NAME)?[\"']?\s*(?:=>|[:=(])")
_VENDORED = re.compile(
    r"(?:^|/)(?:node_modules|vendor|bower_components|site-packages|\.git|dist-packages|_build|deps)/"
)
_IMPORTS = frozenset({"import", "from", "require", "use", "using", "include", "require_once", "alias"})


class CodeReader:
    """Reads code."""

    def concerns(self, path: PurePosixPath) -> bool:
        """Whether a file is code, and no test, or the configuration of a framework."""
        return family_of(path) is not None or self._is_code(path)

    @staticmethod
    def _is_code(path: PurePosixPath) -> bool:
        if is_test(path) or _VENDORED.search(path.as_posix()) or DEVELOPMENT.concerns(path):
            return False
        return path.suffix[1:].lower() in GRAMMARS

    def destinations(self, files: Mapping[PurePosixPath, TextFile], around: Surroundings) -> Iterator[Destination]:
        """Yield what the code asks."""
        configured = settings(files, around.environment)
        yield from _configured(configured, around)
        variables = Variables(around.environment, configured.values)
        known: list[tuple[TextFile, Names]] = []
        texts = {path: text for path, file in files.items() if self._is_code(path) and (text := _text(file))}
        wanted = _Filter(around.hosts, _interesting(around, configured.values))
        chosen = {path for path, text in texts.items() if wanted.names_one(text)}
        if chosen or configured.values:
            chosen |= {path for path, text in texts.items() if path not in chosen and wanted.puts_together(text)}
        for path in _within_bounds(files, {path: text for path, text in texts.items() if path in chosen}, around):
            grammar = GRAMMARS[suffix(path)]
            known.append((files[path], Names(texts[path], grammar, variables)))
        sources = [names for _, names in known]
        for _, names in known:
            names.elsewhere = sources
            variables.add_prefixes(names.prefixes())
        for file, names in known:
            language = names.grammar.language
            for found in Finder(Evaluator(names), around, _imports(names.root)).findings():
                place = Asked(file.where(found.at), found.host, found.port, found.protocol, found.tls, found.text)
                evidence = Evidence(language, found.text, place.where)
                yield Destination(found.host, found.port, found.protocol, found.tls, evidence, remedy(language, place))


def _within_bounds(
    files: Mapping[PurePosixPath, TextFile], texts: Mapping[PurePosixPath, str], around: Surroundings
) -> Iterator[PurePosixPath]:
    """Yield the sources as far as the budget goes; the others are noted as not read."""
    left = budgets.CODE
    for path, text in texts.items():
        left -= len(text)
        if left >= 0:
            yield path
        else:
            around.unread.append(files[path])


def _text(file: TextFile) -> str | None:
    """The text of a source; None where it is none, or too long to be written by anybody."""
    if len(file.raw) > LONGEST:
        return None
    try:
        return file.text
    except TlsError:
        return None


def _configured(configured: Settings, around: Surroundings) -> Iterator[Destination]:
    """Yield what the configuration of frameworks says."""
    hosts = {name: service for name, service in around.hosts.items() if service != around.service}
    by_language: dict[str, list[Known]] = {}
    for language, each in configured.known:
        by_language.setdefault(language, []).append(each)
    for language, listed in by_language.items():
        for found in asked(listed, hosts):
            evidence = Evidence(language or "settings", found.text, found.where)
            yield Destination(found.host, found.port, found.protocol, found.tls, evidence, remedy(language, found))


def _interesting(around: Surroundings, settings: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables and settings whose value names a service of the project."""
    for name, value in (*around.environment.items(), *settings.items()):
        if any(host in value.lower() for host in around.hosts):
            yield name


class _Filter:
    """Tells by a look which sources may name a service: what is not in a text, or a URL in pieces, is not looked at."""

    def __init__(self, hosts: Iterable[str], variables: Iterable[str]) -> None:
        self._hosts, self._variables = [*hosts], [*variables]
        listed = "|".join(re.escape(host) for host in sorted(self._hosts, key=len, reverse=True)) or r"(?!)"
        self._names = re.compile(
            rf"[\"'`/@](?:{listed})(?=[\"'`:/,;?)\s])|:(?:{listed})(?=[,:}}])|=(?:{listed})(?=[;:\"']|,\d| \w+=)"
            rf"|[(\s,](?:{listed}):\d"
        )

    def names_one(self, text: str) -> bool:
        """Whether a text has the name of a service where texts of a program have it, or one of the variables."""
        if any(variable in text for variable in self._variables):
            return True
        return any(host in text for host in self._hosts) and self._names.search(text) is not None

    @staticmethod
    def puts_together(text: str) -> bool:
        """Whether a text puts a URL together, or gives a host to something."""
        if "://" in text and _URL_IN_PIECES.search(text):
            return True
        if "JoinHostPort" in text:
            return True
        return ("host" in text or "HOST" in text or "Host" in text) and _HOST_GIVEN.search(text) is not None


def _imports(root: Group) -> str:
    """The words of the lines that import modules."""
    found: list[str] = []
    for slot in root.slots:
        first = slot.nodes[0] if slot.nodes else None
        words = [node.text for node in slot.nodes[:12] if isinstance(node, Word) and node.kind == "name"]
        if (isinstance(first, Word) and first.text in _IMPORTS) or "require" in words:
            found += words
            found += [node.plain or "" for node in slot.nodes if isinstance(node, Text)]
            for node in slot.nodes:
                if not isinstance(node, Word | Text):
                    found += [t.plain or "" for s in node.slots for t in s.nodes if isinstance(t, Text)]
    return " ".join(found)[:4000]


READER = CodeReader()
