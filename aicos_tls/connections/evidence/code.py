"""What the code of a service asks, in every language that `code.grammars` knows, and in the files of its frameworks."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from aicos_tls.connections.code.expressions import Evaluator
from aicos_tls.connections.code.finding import Finder
from aicos_tls.connections.code.grammars import GRAMMARS
from aicos_tls.connections.code.lexing import tree
from aicos_tls.connections.code.names import Names
from aicos_tls.connections.code.tree import Text, Word
from aicos_tls.connections.code.variables import Variables
from aicos_tls.connections.model import Destination, Evidence
from aicos_tls.connections.trust import remedy
from aicos_tls.errors import TlsError
from aicos_tls.sources.comments import suffix
from aicos_tls.sources.testfiles import is_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePosixPath

    from aicos_tls.connections.code.tree import Group
    from aicos_tls.connections.model import Surroundings
    from aicos_tls.files import TextFile

LONGEST = 1_000_000
"""Characters: a longer source is generated."""
_PUT_TOGETHER = r"://(?:[{%$#\"'`\\]|\\\()|JoinHostPort|(?i:host_?(?:name)?)[\"']?\s*(?:=>|[:=(])"
_VENDORED = re.compile(r"(?:^|/)(?:node_modules|vendor|bower_components|site-packages|\.git|dist-packages|_build|deps)/")
_IMPORTS = frozenset({"import", "from", "require", "use", "using", "include", "require_once", "alias"})


class CodeReader:
    """Reads code."""

    def concerns(self, path: PurePosixPath) -> bool:
        """Whether a file is code, and no test."""
        return path.suffix[1:].lower() in GRAMMARS and not is_test(path) and not _VENDORED.search(path.as_posix())

    def destinations(self, files: Mapping[PurePosixPath, TextFile], around: Surroundings) -> Iterator[Destination]:
        """Yield what the code asks."""
        variables = Variables(around.environment)
        known: list[tuple[TextFile, Names]] = []
        wanted = _needles(tuple(around.hosts), tuple(_interesting(around)))
        for path, file in files.items():
            text = _text(file)
            if text is None or not wanted.search(text):
                continue
            grammar = GRAMMARS[suffix(path)]
            known.append((file, Names(tree(text, grammar), grammar, variables)))
        sources = [names for _, names in known]
        for _, names in known:
            names.elsewhere = sources
            variables.add_prefixes(names.prefixes())
        for file, names in known:
            language = names.grammar.language
            for found in Finder(Evaluator(names), around, _imports(names.root)).findings():
                evidence = Evidence(language, found.text, file.where(found.at))
                yield Destination(
                    found.host, found.port, found.protocol, found.tls, evidence, remedy(language, found, file)
                )


def _text(file: TextFile) -> str | None:
    """The text of a source; None where it is none, or too long to be written by anybody."""
    if len(file.raw) > LONGEST:
        return None
    try:
        return file.text
    except TlsError:
        return None


def _interesting(around: Surroundings) -> Iterator[str]:
    """Yield the variables whose value names a service of the project."""
    for name, value in around.environment.items():
        if any(host in value.lower() for host in around.hosts):
            yield name


@cache
def _needles(hosts: tuple[str, ...], variables: tuple[str, ...]) -> re.Pattern[str]:
    """What a source has to hold to be looked at: the name of a service in a text, a variable, or a URL in pieces."""
    names = "|".join(re.escape(host) for host in sorted(hosts, key=len, reverse=True)) or r"(?!)"
    listed = "|".join(re.escape(name) for name in variables) or r"(?!)"
    return re.compile(rf"(?<=[\"'`/@=,:(\s])(?i:{names})(?=[\"'`:/,;)}}\s])|{_PUT_TOGETHER}|\b(?:{listed})\b")


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
