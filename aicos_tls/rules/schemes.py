"""Changes a scheme that stands in a variable of its own, when it plainly belongs to a server in scope.

    - API_HOST=api
    - API_PORT=8001
    - API_SCHEME=https        # was http

The variable's name must be that of a host variable but for its end: `API_SCHEME`, `API_PROTOCOL` or `API_PROTO` beside
`API_HOST`, `API_HOSTNAME`, `API_SERVER`, `API_ADDRESS`, `API_ADDR` or `API_SERVICE`. It may stand in `environment`, in
an `env_file` or in `.env`. A host without a scheme beside it is reported: which scheme is used is then decided in code.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.compose.urls import PLAIN
from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.yamledit.edits import SetText, Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.compose.settings import Place
    from aicos_tls.plan.schemes import SchemeVariable
    from aicos_tls.rules.context import Context

ID = "schemes"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a change for each scheme variable, and a note for each host that has none."""
    users = _users(context)
    for scheme in context.schemes:
        if scheme.target in context.servers:
            yield from _changes(context, scheme, users)
    for bare in context.bare_hosts:
        if bare.target in context.servers:
            text = f"{bare.setting.key} names {bare.target} without a scheme: its code decides how it is asked"
            yield Note("todo", text, bare.service, bare.setting.where)


def _users(context: Context) -> dict[tuple[int, int], list[SchemeVariable]]:
    """For each place that holds a scheme, those that get it from there."""
    found: dict[tuple[int, int], list[SchemeVariable]] = defaultdict(list)
    for scheme in context.schemes:
        for place in scheme.setting.places:
            found[place.key].append(scheme)
    return found


def _changes(
    context: Context, scheme: SchemeVariable, users: dict[tuple[int, int], list[SchemeVariable]]
) -> Iterator[Outcome]:
    setting = scheme.setting
    places = [place for place in setting.places if place.text.lower() in PLAIN]
    reason = _obstacle(context, places, users)
    if reason:
        paste = f"{setting.key}={setting.value}{_letter(setting.value)}"
        yield Declined(ID, scheme.service, setting.where, reason, paste, safe=False)
        return
    why = f"{scheme.host_key} names {scheme.target}, which speaks TLS"
    for place in places:
        after = place.whole[: place.at] + _letter(place.text) + place.whole[place.at :]
        yield Proposal(Change(ID, scheme.service, place.where, place.path, place.whole, after, why), (_edit(place),))


def _obstacle(context: Context, places: list[Place], users: dict[tuple[int, int], list[SchemeVariable]]) -> str:
    """Why the scheme cannot be changed where it is written; empty when it can."""
    if not places:
        return "the scheme is put together from other variables"
    for place in places:
        others = [user for user in users[place.key] if user.target not in context.servers]
        if others:
            return f"the same value is the scheme of {others[0].target} too, which speaks no TLS"
        sharing = frozenset(user.service for user in users[place.key])
        if place.node is not None and not context.placement.may_edit(place.node, sharing):
            return "the value is shared with services that do not use it as the scheme of a server"
    return ""


def _edit(place: Place) -> FileEdit:
    letter = _letter(place.text)
    if isinstance(place.source, EnvFile):
        return place.source, Splice(place.end, place.end, (0,), letter)
    assert place.node is not None  # noqa: S101 - of a compose file, it is always there
    return place.source, SetText(place.node, place.end, place.end, letter)


def _letter(scheme: str) -> str:
    return "S" if scheme.isupper() else "s"
