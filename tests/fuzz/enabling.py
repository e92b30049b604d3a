"""The planner over any compose text: the laws of `test_laws` that need nothing to compare with.

A text is planned or refused by one `TlsError`; what is planned is proved by the planner itself, is the same when it is
planned again, and is taken back to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuzz.choices import divided
from fuzz.compose_loader import PATH, TOKENS, loaded, seeds

from aicos_tls import planner
from aicos_tls.errors import TlsError
from aicos_tls.plan.policy import resolve
from aicos_tls.rollback import FileChange, from_json, make_record, to_json, undo

if TYPE_CHECKING:
    from aicos_tls.plan.model import Plan

__all__ = ["TOKENS", "check", "seeds"]
_FLAGS: tuple[dict[str, object], ...] = (
    {"all": True},
    {},
    {"override": True, "all": True},
    {"serve": ("sidecar",), "all": True},
    {"serve": ("auto",)},
    {"serve": ("auto",), "all": True, "repair": True},
)


def check(data: bytes) -> None:
    """Plan, plan what was planned, and take it back."""
    choices, text = divided(data)
    flags = choices.pick(_FLAGS)
    try:
        plan = _planned(text, flags)
    except TlsError:
        return
    if any(not declined.safe for declined in plan.declined):
        return  # nothing is written
    after = _enabled(plan, text)
    again = _planned(after, flags)
    assert _enabled(again, after) == after
    assert again.changes == []
    record = make_record([FileChange("c.yml", "text", text, after)], tool="0", policy={}, names={})
    assert undo(from_json(to_json(record), PATH), lambda _: after).contents.get("c.yml", text) == text


def _planned(text: bytes, flags: dict[str, object]) -> Plan:
    project = loaded(text)
    return planner.plan(project, resolve(project, flags))


def _enabled(plan: Plan, text: bytes) -> bytes:
    return next((file.after for file in plan.files if file.path == PATH), text)
