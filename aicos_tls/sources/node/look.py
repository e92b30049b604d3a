"""One pass over one file: what is known of it, and what has been found to change so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aicos_tls.sources.model import CodeChange, Manual
from aicos_tls.sources.node.syntax import bare, callee, child

if TYPE_CHECKING:
    from tree_sitter import Node

    from aicos_tls.sources.model import CodeContext
    from aicos_tls.sources.node.bindings import Bindings
    from aicos_tls.sources.node.kinds import Kinds
    from aicos_tls.sources.node.switch import Form
    from aicos_tls.sources.node.syntax import Syntax
    from aicos_tls.yamledit.edits import Splice


@dataclass
class Look:
    """State of a pass. `name` is what the helper is called in this file, `form` how its URLs follow TLS_ENABLED.

    `needs_helper`: a change calls it. `needs_trust`: a client here relies on what the helper makes the process trust.
    `replaced` counts the uses of an imported name that changes took away.
    """

    context: CodeContext
    syntax: Syntax
    bindings: Bindings
    kinds: Kinds
    name: str
    form: Form = "helper"
    changes: list[CodeChange] = field(default_factory=list)
    manual: list[Manual] = field(default_factory=list)
    needs_helper: bool = False
    needs_trust: bool = False
    replaced: Counter[str] = field(default_factory=Counter)

    def change(self, what: str, node: Node, *splices: Splice, helper: bool = True) -> None:
        """Note a change at `node`."""
        self.changes.append(CodeChange(what, self.syntax.where(node), splices))
        self.needs_helper |= helper

    def decline(self, node: Node, reason: str, paste: str) -> None:
        """Note a place that is left to a person."""
        self.manual.append(Manual(self.syntax.where(node), reason, paste))

    def calls_helper(self, call: Node, function: str = "") -> bool:
        """Whether a call is one of the helper, of this function if one is named."""
        target = callee(call)
        if target.type != "member_expression":
            return False
        owner = self.bindings.imported(self.syntax.source(bare(child(target, "object"))))
        if owner is None or not self.kinds.is_helper(owner.module):
            return False
        return not function or self.syntax.source(child(target, "property")) == function

    def takes_away(self, node: Node) -> None:
        """Note that the imported name which `node` begins with is used once less."""
        while node.type == "member_expression":
            node = bare(child(node, "object"))
        if node.type == "identifier":
            self.replaced[self.syntax.source(node)] += 1
