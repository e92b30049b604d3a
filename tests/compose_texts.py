"""Compose texts in random styles, from the models of `compose_models`.

`texts()` draws bytes: block and flow in every mixture, any indentation, quotes, comments, blank lines, newlines, byte
order mark, final newline, anchors; or JSON.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from compose_models import Map, Raw, Ref, Seq, Tree, models
from hypothesis import strategies as st
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn

T = TypeVar("T")
_PLAIN = re.compile(r"[A-Za-z./$][A-Za-z0-9_./:@=$*& é🎉-]*")
_TYPED = re.compile(r"(?i)true|false|yes|no|on|off|y|n|null|~|.*\s|.*:|0x.*|[0-9:.]*")


def texts() -> st.SearchStrategy[bytes]:
    """The bytes of a compose file in YAML, now and then in JSON."""
    return st.integers(0, 7).flatmap(lambda number: yaml_texts() if number else json_texts())


@st.composite
def json_texts(draw: DrawFn) -> bytes:
    """The bytes of a compose file in JSON, pretty or not."""
    indent = draw(st.sampled_from([None, 2, 4]))
    separators = (",", ":") if indent is None and draw(st.booleans()) else None
    plain = _plain(draw(models(anchors=False)))
    return json.dumps(plain, ensure_ascii=draw(st.booleans()), indent=indent, separators=separators).encode()


@st.composite
def yaml_texts(draw: DrawFn) -> bytes:
    """The bytes of a compose file in YAML."""
    model = draw(models())
    indent = draw(st.sampled_from([2, 2, 3, 4, 8]))
    style = Style(
        indent=indent,
        sequence=draw(st.sampled_from([0, 2, indent])),
        flow=draw(st.sampled_from([0, 0, 1, 2, 4])),
        comments=draw(st.sampled_from([0, 0, 1, 3])),
        tabs=draw(st.booleans()),
    )
    lines = Writer(draw, style).document(model)
    newline = draw(st.sampled_from(["\n", "\n", "\r\n", "\r", "mixed"]))
    ends = ["\n" if newline == "mixed" and draw(st.booleans()) else newline.replace("mixed", "\r\n") for _ in lines]
    if draw(st.booleans()):
        ends[-1] = ""
    bom = codecs.BOM_UTF8 if draw(st.integers(0, 5)) == 0 else b""
    return bom + "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()


def _plain(node: Tree) -> Any:
    if isinstance(node, Map):
        return {key: _plain(value) for key, value in node.pairs}
    if isinstance(node, Seq):
        return [_plain(item) for item in node.items]
    if isinstance(node, Raw):
        return None if node.text in ("", "~") else json.loads(node.text)
    # JSON writes characters beyond the basic plane as surrogate pairs, which YAML does not know
    return "".join(c for c in str(node) if ord(c) < 0x10000)


class Style(Struct, frozen=True):
    """How a text is written; `flow` and `comments` are chances out of eight.

    `tabs`: some comments have one before them. libyaml reads that, but refuses a colon in a plain scalar in brackets;
    the other parser reads the colon and refuses the tab.
    """

    indent: int
    sequence: int
    flow: int
    comments: int
    tabs: bool


class Writer:
    """Writes a tree to lines."""

    def __init__(self, draw: DrawFn, style: Style) -> None:
        self._draw, self._style = draw, style

    def document(self, model: Map) -> list[str]:
        """All lines of a text."""
        lines = ["---"] if self._chance(1) else []
        lines += self._map(model, 0)
        if self._chance(self._style.comments):
            lines.append("# the end")
        return lines

    def _chance(self, eighths: int) -> bool:
        return eighths > 0 and self._draw(st.integers(0, 7)) < eighths

    def _pick(self, *choices: T) -> T:
        return self._draw(st.sampled_from(choices))

    # -- block ---------------------------------------------------------------------------------------------------------

    def _map(self, node: Map, at: int) -> list[str]:
        lines: list[str] = []
        for key, value in node.pairs:
            lines += self._loose(at)
            lines += self._member(" " * at + self._key(key) + self._pick(":", ":", ":", " :"), value, at, " ")
        return lines

    def _seq(self, node: Seq, at: int) -> list[str]:
        lines: list[str] = []
        for item in node.items:
            lines += self._loose(at)
            gap = " " * self._pick(1, 1, 1, 3)
            if isinstance(item, Map) and item.pairs and not item.anchor and not self._chance(self._style.flow):
                inner = self._map(item, at + 1 + len(gap))
                first = next(i for i, line in enumerate(inner) if line.strip() and not line.lstrip().startswith("#"))
                inner[first] = " " * at + "-" + gap + inner[first].lstrip()
                lines += inner
            else:
                lines += self._member(" " * at + "-", item, at, gap)
        return lines

    def _member(self, head: str, value: Tree, at: int, gap: str) -> list[str]:
        """Lines of a key or dash with its value behind it or below it."""
        anchor = f"{gap}&{value.anchor}" if isinstance(value, Map | Seq) and value.anchor else ""
        block = isinstance(value, Map | Seq) and not self._chance(self._style.flow)
        if block and isinstance(value, Map) and value.pairs:
            return [head + anchor + self._tail(), *self._map(value, at + self._style.indent)]
        if block and isinstance(value, Seq) and value.items:
            return [head + anchor + self._tail(), *self._seq(value, at + self._style.sequence)]
        if isinstance(value, str) and "\n" not in value.strip("\n") + value[:1] and value and self._chance(2):
            return self._literal(head + gap, value, at)
        if isinstance(value, str) and value.endswith("\n") and self._chance(5):
            return self._literal(head + gap, value, at)
        if isinstance(value, Map | Seq) and self._chance(3):
            return self._wide(head + anchor, value, at, gap)
        text = self._flow(value) if isinstance(value, Map | Seq) else self._scalar(value, flow=False)
        return [head + anchor + (gap + text if text else "") + self._tail()]

    def _literal(self, head: str, value: str, at: int) -> list[str]:
        chomp = self._pick("", "+") if value.endswith("\n") else "-"
        sign = self._pick("|", ">") if "\n" not in value and not value.startswith((" ", "#")) else "|"
        pad = " " * (at + self._style.indent)
        indicator = self._pick("", str(self._style.indent)) if at + self._style.indent < 10 and at == 0 else ""
        return [f"{head}{sign}{indicator}{chomp}", *(pad + line for line in value.rstrip("\n").split("\n"))]

    def _wide(self, head: str, value: Map | Seq, at: int, gap: str) -> list[str]:
        """A flow collection over several lines, with its members on a line each."""
        opening, closing = ("{", "}") if isinstance(value, Map) else ("[", "]")
        members = self._members(value)
        pad = " " * (at + self._style.indent)
        last = "," if members and self._chance(2) else ""
        rows = [
            pad + text + ("," if index < len(members) - 1 else last) + self._tail()
            for index, text in enumerate(members)
        ]
        return [head + gap + opening + self._tail(), *rows, " " * (at + 1) + closing + self._tail()]

    # -- flow ----------------------------------------------------------------------------------------------------------

    def _flow(self, value: Tree) -> str:
        if not isinstance(value, Map | Seq):
            return self._scalar(value, flow=True)
        opening, closing = ("{", "}") if isinstance(value, Map) else ("[", "]")
        pad = self._pick("", "", " ")
        members = self._members(value)
        last = "," if members and self._chance(1) else ""
        return opening + pad + self._pick(", ", ", ", ",", " , ").join(members) + last + pad + closing

    def _members(self, value: Map | Seq) -> list[str]:
        if isinstance(value, Seq):
            return [self._flow(item) for item in value.items]
        return [f"{self._key(key)}: {self._flow(item)}" for key, item in value.pairs]

    # -- scalars -------------------------------------------------------------------------------------------------------

    def _key(self, key: str) -> str:
        return key if key == "<<" else self._pick(key, key, key, f'"{key}"', f"'{key}'")

    def _scalar(self, value: Tree, *, flow: bool) -> str:
        if isinstance(value, Raw):
            return value.text or ("null" if flow else "")
        if isinstance(value, Ref):
            return f"*{value.name}"
        text = str(value)
        ways: list[Callable[[str], str]] = [self._double]
        refused = flow and self._style.tabs and ":" in text
        if _PLAIN.fullmatch(text) and not (_TYPED.fullmatch(text) or ": " in text or refused):
            ways += [lambda plain: plain] * 2
        if "\n" not in text:
            ways.append(lambda single: "'" + single.replace("'", "''") + "'")
        return self._pick(*ways)(text)

    def _double(self, text: str) -> str:
        if text and self._chance(1):
            at = self._draw(st.integers(0, len(text) - 1))
            inner = [json.dumps(part, ensure_ascii=False)[1:-1] for part in (text[:at], text[at + 1 :])]
            return f'"{inner[0]}\\U{ord(text[at]):08X}{inner[1]}"'
        return json.dumps(text, ensure_ascii=False)

    # -- what does not count -------------------------------------------------------------------------------------------

    def _tail(self) -> str:
        """The end of a line: nothing, blanks, a comment."""
        if not self._chance(self._style.comments):
            return ""
        return self._pick("  ", " # http://api:1", "\t# tab" if self._style.tabs else "", " # - A=1")

    def _loose(self, at: int) -> list[str]:
        """Lines between members: blank ones and comments, no deeper than the members, as literals may stand above."""
        if not self._chance(self._style.comments):
            return []
        depth = self._pick(0, at, max(at - self._style.indent, 0))
        line = self._pick("", "# note", "# - http://api:8001", "# volumes:", "#")
        return [" " * depth + line] if line else [""]
