"""Put a property into an object literal so that it looks like its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.node.syntax import Syntax

_RANK = (1,)


def add_property(node: Node, text: str, syntax: Syntax, *, first: bool = False) -> tuple[Splice, ...]:
    """Splices that add `text` (`name: value`) to an object literal, at its end or, with `first`, at its beginning."""
    members = [part for part in node.named_children if part.type != "comment"]
    if not members:
        inside = syntax.text[syntax.start(node) + 1 : syntax.end(node) - 1]
        at = syntax.start(node) + 1
        if inside.strip():  # a comment
            return (Splice(at, at, _RANK, f" {text},{'' if inside[0].isspace() else ' '}"),)
        return (Splice(at, at + len(inside), _RANK, f" {text} "),)
    if first:
        at = syntax.start(members[0])
        return (Splice(at, at, _RANK, f"{text},{_gap(node, members[0], syntax) or ' '}"),)
    return _append(node, members[-1], text, syntax)


def _append(node: Node, last: Node, text: str, syntax: Syntax) -> tuple[Splice, ...]:
    gap = _gap(node, last, syntax)
    after = list(node.children)[[part.id for part in node.children].index(last.id) + 1 :]
    comma = next((part for part in after if part.type == ","), None)
    end = syntax.end(last) if comma is None else syntax.end(comma)
    if gap is None:
        return (Splice(end, end, _RANK, f", {text}" if comma is None else f" {text},"),)
    tail = end
    for part in after:
        if part.type == "comment" and part.start_point.row == last.end_point.row:
            tail = syntax.end(part)
    if comma is not None:
        return (Splice(tail, tail, _RANK, f"{gap}{text},"),)
    if tail == end:
        return (Splice(end, end, _RANK, f",{gap}{text}"),)
    return (Splice(end, end, _RANK, ","), Splice(tail, tail, _RANK, f"{gap}{text}"))


def _gap(node: Node, member: Node, syntax: Syntax) -> str | None:
    """What stands before a member that begins a line: the newline and the indentation. None when it begins none."""
    start = syntax.start(member)
    line = syntax.text.rfind("\n", 0, start) + 1
    indentation = syntax.text[line:start]
    if indentation.strip() or line <= syntax.start(node):
        return None
    return syntax.file.newline + indentation
