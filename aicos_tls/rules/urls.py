"""Changes `http://` to `https://`, and `ws://` to `wss://`, in every URL of a server in scope.

    - AI_INTELLIGENCE_URL=http://aicos-ai-intelligence:8001
    - AI_INTELLIGENCE_URL=https://aicos-ai-intelligence:8001

Looked at are variables, commands, labels, build arguments, inline contents, `x-…` blocks, and the `.env` and `env_file`
files that bring them, within texts of any form. The port stays: a URL without one gets the one that it meant
(`http://api` becomes `https://api:80`). A scheme that is a variable (`${SCHEME:-http}://api`) is changed where it
stands: in the default, in `.env`. Left alone are hosts outside of the project, services out of scope, `localhost`,
variables for browsers (`VITE_…`, `NEXT_PUBLIC_…`), proxies, and hosts that cannot be known. Guide, phase 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.compose.dotenv import EnvFile
from aicos_tls.plan.model import Change, Declined, FileEdit, Note, Outcome, Proposal
from aicos_tls.plan.references import REWRITABLE, Kind, for_browsers
from aicos_tls.rules.context import url_edits
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.references import Reference
    from aicos_tls.rules.context import Context

ID = "urls"


def check(context: Context) -> Iterator[Outcome]:
    """Yield a change for each plain URL of a server, and what is to be known about some of them."""
    for reference in context.rewritten:
        if reference.url.scheme_name in context.torn_schemes:
            yield _torn(context, reference)
            continue
        yield from _changes(context, reference)
        if (browser := next(filter(for_browsers, sorted(reference.site.variables)), None)) and reference.site.uses:
            text = f"{reference.site.variable} is also {browser}, for browsers: it is https there now, too"
            yield Note("todo", text, reference.site.service or "", reference.where)
    for reference in context.along:
        yield from _changes(context, reference)
        if reference.kind is Kind.BROWSER:
            text = f"{reference.site.name} is for browsers, and the same text as one for containers: it is https now"
            yield Note("todo", text, reference.site.service or "", reference.where)
    for reference, other in context.torn:
        yield _shared(reference, f"{other.site.name}, which stays plain: {other.kind.value}")
    for reference, path in context.entangled:
        yield _shared(reference, f"`{path}`, which must not change")
    for reference in context.references:
        if reference.kind in REWRITABLE and reference.target in context.servers and not reference.url.scheme:
            text = f"{reference.text}: the scheme is a variable whose value is not known; it must be https (or wss) now"
            yield Note("todo", text, reference.site.service or "", reference.where)


def _changes(context: Context, reference: Reference) -> Iterator[Outcome]:
    site, why = reference.site, f"{reference.target} speaks TLS"
    edits = tuple(_edits(reference))
    if edits:
        change = Change(ID, site.service or "", reference.where, site.name, reference.text, after(reference), why)
        yield Proposal(change, edits)
    dotenv = context.project.dotenv
    if reference.url.scheme_name and dotenv:
        binding = dotenv.bindings[reference.url.scheme_name]
        where = dotenv.file.where(binding.start)
        path = f"{dotenv.file.path}.{binding.key}"
        letter = "S" if binding.value.isupper() else "s"
        change = Change(ID, site.service or "", where, path, binding.value, binding.value + letter, why)
        yield Proposal(change, ((dotenv, Splice(binding.end, binding.end, (0,), letter)),))


def _shared(reference: Reference, other: str) -> Declined:
    """An anchor makes it the text of something else, too, which has to stay as it is."""
    return Declined(
        ID,
        reference.site.service or "",
        reference.where,
        f"{reference.site.name} is the same text as {other}",
        f"{reference.site.path[-1]}: {after(reference)}",
        safe=False,
    )


def _torn(context: Context, reference: Reference) -> Declined:
    """The scheme comes from a variable that others, who stay with plain HTTP, use too."""
    url = reference.url
    other = context.torn_schemes[url.scheme_name][0]
    scheme = f"{url.scheme}s"
    rest = reference.site.text[url.end :]
    address = after(reference).partition("://")[2]
    return Declined(
        ID,
        reference.site.service or "",
        reference.where,
        f"{url.scheme_name} is also the scheme of {other.text}, which stays plain ({other.kind.value})",
        f"{reference.site.variable}={reference.site.text[: url.start]}{scheme}://{address}{rest}",
        safe=False,
    )


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
    else:
        assert site.node is not None  # noqa: S101 - of a compose file, it is always there
        for edit in url_edits(site.node, reference):
            yield site.source, edit
