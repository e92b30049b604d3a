"""What the words of an nginx configuration mean: each variable in them with the values that it can have.

A variable has its values from `set`, `map`, `geo` and `split_clients` (ngx_http_rewrite_module, ngx_http_map_module,
…), of the file itself or of another one that is read with it. Variables of the environment are put in before nginx
reads the file: by the official image, in `/etc/nginx/templates/*.template`, or by a script with `envsubst`. nginx
refuses a variable that it does not know, so that one of the environment in a configuration is always put in by
somebody.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aicos_tls.sources.nginx.parse import Directive, Word

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MOST = 32
"""Meanings of one word that are looked at."""
_DEPTH = 4
"""Variables within variables that are followed."""
_LONGEST, _VARIABLES = 2_048, 8
"""Characters of a word, and variables in it, that are looked at: addresses have one or two."""
_CHOOSE = {"map": 2, "geo": 1, "split_clients": 2}
"""Blocks that give a variable one of several values, and the least number of their arguments."""
_PARAMETERS = frozenset({"hostnames", "volatile", "include", "ranges", "proxy", "proxy_recursive", "delete"})
"""What stands in these blocks and is no value."""
_PAIR = 2


class Text(Struct, frozen=True):
    """A meaning of a word: its characters, each with the offset in the file that it comes from.

    `origins` has None for characters that come from the environment or from another file. `ends` has for each character
    the offset in the file behind what brought it into the word: itself, or the variable.
    """

    value: str
    origins: tuple[int | None, ...]
    ends: tuple[int, ...]


class Values:
    """The values of variables for one file: `root` is its tree, `beside` are those of the files that go with it."""

    def __init__(self, root: Directive, beside: Iterable[Directive], environment: Mapping[str, str]) -> None:
        self._own = dict(_given(root))
        self._others: dict[str, list[Word]] = {}
        for other in beside:
            for name, words in _given(other).items():
                self._others.setdefault(name, []).extend(words)
        self._environment = environment
        self._known: dict[tuple[str, int], list[Text] | None] = {}
        self._texts: dict[str, tuple[Text, ...]] = {}

    def meanings(self, word: Word) -> list[Text]:
        """What a word can mean; a variable without a known value stays as it is written. Each meaning once."""
        found: dict[tuple[str, tuple[int | None, ...]], Text] = {}
        if len(word.value) > _LONGEST or word.value.count("$") > _VARIABLES:
            return [_literal(word.value, word.start)]
        for text in islice(self._meanings(word, _DEPTH), _MOST):
            found.setdefault((text.value, text.origins), text)
        return list(found.values())

    def texts(self, word: Word) -> tuple[Text, ...]:
        """What a word can mean, wherever its parts come from: the same word may stand in thousands of places."""
        if word.value not in self._texts:
            self._texts[word.value] = tuple({text.value: text for text in self.meanings(word)}.values())
        return self._texts[word.value]

    def _meanings(self, word: Word, depth: int) -> Iterator[Text]:
        match = VARIABLE.search(word.value)
        while match is not None and (given := self._values(match[1] or match[2], depth)) is None:
            match = VARIABLE.search(word.value, match.end())
        if match is None:
            yield _literal(word.value, word.start)
            return
        before = _literal(word.value[: match.start()], word.start)
        rest = type(word)(word.value[match.end() :], word.start + match.end(), word.end)
        for value in given or ():
            inner = Text(value.value, value.origins, (word.start + match.end(),) * len(value.value))
            for after in self._meanings(rest, depth):
                yield _joined(before, inner, after)

    def _values(self, name: str, depth: int) -> Sequence[Text] | None:
        """The values of a variable; None where it has none that is known."""
        key = (name, depth)
        if key not in self._known:
            self._known[key] = list(islice(self._found(name, depth - 1), _MOST)) or None
        return self._known[key]

    def _found(self, name: str, depth: int) -> Iterator[Text]:
        if depth < 0:
            return
        own = self._own.get(name, [])
        for word in own or self._others.get(name, []):
            short = len(word.value) <= _LONGEST and word.value.count("$") <= _VARIABLES
            for text in self._meanings(word, depth) if short else ():
                yield text if own else _foreign(text.value)
        if not own and name not in self._others and name in self._environment:
            yield _foreign(self._environment[name])


def _given(root: Directive) -> dict[str, list[Word]]:
    """The words that give each variable its values in a file."""
    found: dict[str, list[Word]] = {}
    for directive in root.walk():
        args = directive.args
        if directive.name == "set" and len(args) == _PAIR:
            found.setdefault(args[0].value.lstrip("$"), []).append(args[1])
        elif len(args) >= _CHOOSE.get(directive.name, len(args) + 1) and directive.block is not None:
            rows = [row for row in directive.block if row.name not in _PARAMETERS and len(row.args) == 1]
            found.setdefault(args[-1].value.lstrip("$"), []).extend(row.args[0] for row in rows)
    return found


def _literal(value: str, start: int) -> Text:
    return Text(value, tuple(range(start, start + len(value))), tuple(range(start + 1, start + len(value) + 1)))


def _foreign(value: str) -> Text:
    return Text(value, (None,) * len(value), (0,) * len(value))


def _joined(*texts: Text) -> Text:
    return Text(
        "".join(text.value for text in texts),
        tuple(origin for text in texts for origin in text.origins),
        tuple(end for text in texts for end in text.ends),
    )
