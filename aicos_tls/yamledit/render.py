"""Values to YAML text, in block or flow style. Only for what is new: what is there is never written again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aicos_tls.yamledit.edits import Copy, Items, Lines, Pairs, Reference, Value

if TYPE_CHECKING:
    from aicos_tls.yamledit.manner import Manner
    from aicos_tls.yamledit.nodes import Style

_PLAIN = re.compile(r"[A-Za-z0-9_./$][A-Za-z0-9_./$@%+=~^()!;?*&'\"<>|\\ :,{}\[\]-]*")
_NOT_A_STRING = re.compile(
    r"[-+]?\.?[0-9][0-9_,.:eExXoOa-fA-F+-]*|\.(inf|nan)|~|null|true|false|yes|no|on|off|y|n|=|<<|[0-9]{4}-[0-9].*",
    re.IGNORECASE,
)
"""What YAML 1.1 or 1.2 reads as something else than a string, and some more, to be safe."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
"""Escapes that JSON knows too (RFC 8259, section 7)."""
_BASIC_PLANE = 0x10000


def reads_as_string(text: str, *, flow: bool) -> bool:
    """Whether `text`, written plain, is surely read back as this string (YAML 1.2, 7.3.3, and the core schema)."""
    if not _PLAIN.fullmatch(text) or _NOT_A_STRING.fullmatch(text) or text.endswith((" ", ":")):
        return False
    if ": " in text:
        return False
    # YAML 1.1 reads a ? in brackets as a key, and libyaml before 0.2.1 refuses a colon there
    return not (flow and any(char in text for char in ",[]{}?:"))


def escaped(text: str, style: Style) -> str:
    """`text` as it stands within a scalar of that style."""
    if style == "'":
        return text.replace("'", "''")
    if style == '"':
        return "".join(_ESCAPES.get(c, c if c.isprintable() else _numeric(c)) for c in text)
    return text


def _numeric(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < _BASIC_PLANE else f"\\U{ord(char):08x}"


def scalar(text: str, prefer: Style, manner: Manner, *, flow: bool) -> str:
    """Write a string: in the preferred style where that keeps it a string, else in the file's usual quotes."""
    style: Style = '"' if manner.json else prefer
    if style == "" and not reads_as_string(text, flow=flow):
        style = manner.quote
    if style == "'" and not text.isprintable():
        style = '"'
    return f"{style}{escaped(text, style)}{style}"


def flow_text(value: Value, prefer: Style, manner: Manner, key_style: Style = "") -> str:
    """Write a value on one line."""
    if isinstance(value, Lines):
        return flow_text(value.means, prefer, manner, key_style)
    if isinstance(value, Items):
        return "[" + manner.comma.join(flow_text(item, prefer, manner, key_style) for item in value.values) + "]"
    if isinstance(value, Pairs):
        return "{" + manner.comma.join(flow_pair(k, v, prefer, manner, key_style) for k, v in value.values) + "}"
    return _leaf(value, prefer, manner, flow=True)


def on_line(value: Value, prefer: Style, manner: Manner, key_style: Style = "") -> str:
    """Write what stands behind a key or a dash: only what is in brackets has to look out for them."""
    if isinstance(value, Items | Pairs | Lines):
        return flow_text(value, prefer, manner, key_style)
    return _leaf(value, prefer, manner, flow=False)


def flow_pair(key: str, value: Value, prefer: Style, manner: Manner, key_style: Style = "") -> str:
    """Write `key: value` on one line."""
    return f"{_key(key, key_style, manner)}{manner.colon}{flow_text(value, prefer, manner, key_style)}"


def block_pair(key: str, value: Value, at: int, prefer: Style, manner: Manner, key_style: Style = "") -> list[str]:
    """Lines of `key: value` in block style at column `at`; the first line is not indented."""
    if isinstance(value, Lines):
        first, *more = value.texts
        return [first, *(" " * at + line if line else "" for line in more)]
    head = _key(key, key_style, manner) + ":"
    if isinstance(value, Items | Pairs) and value.values:
        return [head, *indented_block(value, at, prefer, manner)]
    return [f"{head} {on_line(value, prefer, manner)}"]


def indented_block(value: Items | Pairs, at: int, prefer: Style, manner: Manner) -> list[str]:
    """Lines of a collection in block style below a key at column `at`, all indented."""
    if isinstance(value, Items):
        column = at + manner.sequence_indent
        rows = [block_item(item, column, "- ", prefer, manner) for item in value.values]
    else:
        column = at + manner.mapping_indent
        rows = [block_pair(k, v, column, prefer, manner) for k, v in value.values]
    return [line for first, *rest in rows for line in (" " * column + first, *rest)]


def block_item(value: Value, at: int, dash: str, prefer: Style, manner: Manner) -> list[str]:
    """Lines of `- value` at column `at`; the first line is not indented. `dash` is the dash with its spaces."""
    if isinstance(value, Pairs) and value.values:
        column = at + len(dash)
        rows = [block_pair(k, v, column, prefer, manner) for k, v in value.values]
        lines = [line for first, *rest in rows for line in (" " * column + first, *rest)]
        return [dash + lines[0][column:], *lines[1:]]
    return [dash + on_line(value, prefer, manner)]


def _leaf(value: str | Copy | Reference, prefer: Style, manner: Manner, *, flow: bool) -> str:
    if isinstance(value, Reference):
        return f"*{value.alias.name}"
    if isinstance(value, str):
        return scalar(value, prefer, manner, flow=flow)
    if value.node.style == "" and (not value.value or _NOT_A_STRING.fullmatch(value.value)):
        return value.value or "null"  # a number or the like: quoted, it would become a string
    if value.node.style == "":
        return scalar(value.value, "", manner, flow=flow)
    style = value.node.style if value.node.style in ("'", '"') else '"'
    return scalar(value.value, style, manner, flow=flow)


def _key(key: str, style: Style, manner: Manner) -> str:
    return key if key == "<<" else scalar(key, style, manner, flow=True)
