"""Decides, from what is there, what is kept, issued and renewed; or names the one thing that stands in the way.

Private keys that exist are never made anew unless that is forced; a stale certificate is issued again with its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from aicos_tls.errors import InternalError, TlsError, Where
from aicos_tls.pki.layout import CA_NAME, certificate_path
from aicos_tls.pki.state import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from aicos_tls.pki.reading import Problem
    from aicos_tls.pki.state import AuthorityFound, Pair, Survey

Force: TypeAlias = frozenset[str] | Literal["all"]
"""Short names whose pairs are replaced, keys too. `CA_NAME` among them replaces the CA, so that every leaf is issued
again, with its key where that fits its certificate; `all` replaces every file that is wanted."""

NOTHING: frozenset[str] = frozenset()


class Action(Enum):
    """What is done about a pair."""

    KEEP = "kept"
    ISSUE = "issued"
    """A new key and a new certificate."""
    RENEW = "renewed"
    """A new certificate for the key that is there."""


@dataclass(frozen=True, slots=True)
class Step:
    """The decision about one pair, and the reason for anything but keeping it."""

    short_name: str
    action: Action
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What will be issued, known before any key is made. The leaves are in the order in which they were wanted."""

    authority: Step
    leaves: tuple[Step, ...]
    orphans: tuple[str, ...]
    """Short names of pairs that nobody asked for and that a new CA will not vouch for."""

    def only(self, short_names: Collection[str]) -> Decision:
        """What it says of these leaves, and of the CA."""
        return Decision(self.authority, tuple(s for s in self.leaves if s.short_name in short_names), self.orphans)

    @property
    def new_keys(self) -> tuple[str, ...]:
        """The short names that get a new key, the CA's first."""
        return tuple(step.short_name for step in (self.authority, *self.leaves) if step.action is Action.ISSUE)


def decide(survey: Survey, force: Force = NOTHING) -> Decision:
    """What has to be issued. Raises `TlsError` for the first thing that stands in the way, naming file and remedy."""
    forced = _forced(survey, force)
    authority = _authority_step(survey.authority, forced=CA_NAME in forced)
    new_ca = authority.action is Action.ISSUE
    leaves = tuple(_leaf_step(pair, forced) for pair in survey.pairs)
    pending = next((step for step in leaves if step.action is not Action.KEEP), None)
    if pending and not new_ca and survey.authority.key_problem:
        raise _out_of_reach(survey, survey.authority.key_problem, pending)
    return Decision(authority, leaves, survey.others if new_ca else ())


def _forced(survey: Survey, force: Force) -> frozenset[str]:
    known = frozenset({CA_NAME, *(pair.short_name for pair in survey.pairs)})
    if force == "all":
        return known
    if not force <= known:
        raise InternalError(f"nobody asked for the certificates of {', '.join(sorted(force - known))}")
    return force


def _authority_step(found: AuthorityFound, *, forced: bool) -> Step:
    if found.state is State.MISSING:
        return Step(CA_NAME, Action.ISSUE, "there is none")
    if forced:
        _refuse_immovable(found.problem)
        return Step(CA_NAME, Action.ISSUE, "forced")
    if found.problem:
        raise found.problem.error()
    return Step(CA_NAME, Action.KEEP)


def _leaf_step(pair: Pair, forced: frozenset[str]) -> Step:
    """The decision about one leaf. With the CA forced, a pair that fits itself keeps its key, whoever signed it."""
    if pair.state is State.MISSING:
        return Step(pair.short_name, Action.ISSUE, "there is none")
    if pair.short_name in forced:
        _refuse_immovable(pair.problem)
        return Step(pair.short_name, Action.ISSUE, "forced")
    if CA_NAME in forced and pair.key:
        return Step(pair.short_name, Action.RENEW, "the CA is replaced")
    if pair.problem and pair.state is State.CONFLICT:
        raise pair.problem.error()
    if pair.problem:
        return Step(pair.short_name, Action.RENEW, pair.problem.message)
    return Step(pair.short_name, Action.KEEP)


def _refuse_immovable(problem: Problem | None) -> None:
    if problem and not problem.replaceable:
        raise problem.error()


def _out_of_reach(survey: Survey, problem: Problem, pending: Step) -> TlsError:
    """The CA's key is needed after all, for `pending` first."""
    file = certificate_path(survey.directory, pending.short_name).name
    return TlsError(
        f"{problem.message}, and {file} has to be issued ({pending.reason})",
        where=Where(problem.path),
        hint=problem.hint,
    )
