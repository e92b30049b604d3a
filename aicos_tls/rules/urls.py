"""Changes `http://` to `https://`, and `ws://` to `wss://`, in every URL of a server in scope.

    - AI_INTELLIGENCE_URL=http://aicos-ai-intelligence:8001
    - AI_INTELLIGENCE_URL=https://aicos-ai-intelligence:8001

Looked at are variables, commands, labels, build arguments, inline contents, `x-…` blocks, and the `.env` and `env_file`
files that bring them, within texts of any form. The port stays: a URL without one gets the one that it meant
(`http://api` becomes `https://api:80`). Left alone are hosts outside of the project, services out of scope,
`localhost`, variables for browsers (`VITE_…`, `NEXT_PUBLIC_…`), proxies, and hosts that cannot be known. Guide, phase
2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.plan.model import Change, FileEdit, Outcome, Proposal
from aicos_tls.rules.context import url_edits
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.references import Reference
    from aicos_tls.rules.context import Context

ID = "urls"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a change for each plain URL of a server."""
    for reference in context.rewritten:
        change = Change(
            ID,
            reference.site.service or "",
            reference.where,
            reference.site.name,
            reference.text,
            after(reference),
            f"{reference.target} speaks TLS",
        )
        yield Proposal(change, tuple(_edits(reference)), f"{reference.site.path[-1]}: {after(reference)}")


def after(reference: Reference) -> str:
    """Scheme, host and port of a reference once it is TLS."""
    text, start = reference.text, reference.url.start
    for insertion in reversed(reference.url.insertions):
        at = insertion.at - start
        text = text[:at] + insertion.text + text[at:]
    return text


def _edits(reference: Reference) -> Iterator[FileEdit]:
    site = reference.site
    if isinstance(site.source, EnvFile):
        for insertion in reference.url.insertions:
            at = site.offset + insertion.at
            yield site.source, Splice(at, at, (0,), insertion.text)
    elif site.node is not None:
        for edit in url_edits(site.node, reference):
            yield site.source, edit
