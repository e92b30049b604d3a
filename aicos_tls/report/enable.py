"""What a person sees after `enable`: what each service gets, who talks to whom, certificates, what is left to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from aicos_tls.commands.project import certs_directory, relative
from aicos_tls.report import connections
from aicos_tls.report.diff import coloured_diff, file_diff, without_secrets
from aicos_tls.report.restart import is_of_an_image, restart
from aicos_tls.report.serving import is_program, programs_of, ways
from aicos_tls.report.words import counted, masked, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from aicos_tls.commands.enable import Listed, Result
    from aicos_tls.commands.gaps import Gap
    from aicos_tls.errors import Where
    from aicos_tls.plan.model import Change, Declined, Note, Plan
    from aicos_tls.report.style import Style

INSECURE = (
    "NODE_TLS_REJECT_UNAUTHORIZED=0 switches off the certificate check of EVERY outgoing connection of a Node "
    "process, to the internet too. The guide asks for it: traffic is encrypted, but a Node client does not know whom "
    "it talks to."
)
SHARED_KEYS = (
    "the whole certificates directory is mounted in every service, as the guide has it: each can read every private "
    "key, the CA's too. Keep a copy of ca-key.pem elsewhere and remove it here once all certificates are issued."
)
_WORDS = {
    "mount": "certificates",
    "variables": "variable",
    "urls": "URL",
    "schemes": "scheme",
    "healthcheck": "healthcheck",
    "code": "code change",
    "command": "option",
    "sidecar": "a sidecar",
    "dockerignore": "keys kept out of its image",
}
_ONCE = frozenset({"mount", "sidecar", "dockerignore"})
"""Rules whose changes of a service are said without their number."""


_OPINIONS = {
    "agrees": "accepts the project before and after, and sees the changes above and no others",
    "rejects": "accepts the project as it is, and not as it would be: ",
    "cannot tell": "rejects the project as it is, so it cannot tell what changes: ",
}


def diff(result: Result, *, programs: bool = True, exact: bool = True) -> str:
    """Every changed file as a unified diff; those that are the same in every project only with `programs`.

    Where it is not to be applied (not `exact`), see `without_secrets`.
    """
    directory = result.prepared.directory
    shown = (
        (t.kind, file_diff(relative(directory, t.path), t.kind, t.now.raw if t.now else None, t.after))
        for t in result.changed
        if programs or not is_program(result, t)
    )
    return "".join(text if exact else without_secrets(kind, text) for kind, text in shown)


def text(result: Result, style: Style, *, verbose: bool = False) -> str:
    """The summary; in a dry run with the diff before it."""
    lines: list[str] = []
    if result.options.dry_run and (shown := diff(result, programs=False, exact=False)):
        lines += [coloured_diff(shown, style).rstrip("\n"), ""]
    lines.append(_headline(result, style))
    if verbose or result.options.dry_run or result.written or result.blocked or result.idle:
        lines += list(_summary(result, style, verbose=verbose))
    return "\n".join(lines) + "\n"


def _summary(result: Result, style: Style, *, verbose: bool) -> Iterator[str]:
    plan = result.prepared.plan
    sections = (
        ("Connections", connections.rows(result.verdict, result.prepared.directory, style, verbose=verbose)),
        ("Services", () if result.idle else _services(result, style)),
        ("How each serves TLS", ways(result, style, verbose=verbose)),
        (f"Certificates in {plan.policy.certs_dir}", _certificates(result, style)),
        ("Programs for it, to read in the certificates directory or in templates/", programs_of(result, style)),
        ("Left alone", _left_alone(result, style, verbose=verbose)),
        ("Not changed, for you to do", _declined(result, plan.declined, style)),
        ("Still to do", _todo(result, style)),
    )
    for title, rows in sections:
        if body := list(rows):
            yield ""
            yield style("title", title)
            yield from (f"  {row}" for row in body)
    if opinion := result.opinion:
        yield ""
        yield f"{style('title', opinion.command)}: {_OPINIONS[opinion.state]}{masked(opinion.message)}"
    if said := () if result.idle else warnings(plan):
        yield ""
        yield from (f"{style('warn', 'Warning')}  {warning}" for warning in said)


def warnings(plan: Plan) -> list[str]:
    """What is less safe than a reader may think, in the terms of this plan."""
    said: list[str] = []
    if any(change.path.endswith("NODE_TLS_REJECT_UNAUTHORIZED") for change in plan.changes):
        said.append(INSECURE)
    if any(change.rule == "mount" for change in plan.changes):
        said.append(SHARED_KEYS)
    return said


def _headline(result: Result, style: Style) -> str:
    """The verdict in one line: what is true of the connections once this is done. Below it, what was written."""
    what = connections.headline(result.verdict, done=bool(result.written) or not result.would_change)
    name = style("name", str(result.prepared.selection.files[0]))
    return f"{name}: {what}\n{_outcome(result, style)}"


def _outcome(result: Result, style: Style) -> str:
    inside = any(decision.in_scope for decision in result.prepared.plan.decisions.values())
    changes = "would change" if result.would_change else "nothing would change"
    cases = (
        (result.blocked, f"{style('bad', 'nothing written')}: {masked(result.reason)}"),
        (not inside, "nothing to do: no service is in scope"),
        (result.idle, f"{style('bad', 'nothing would be encrypted, and nothing is written')}: {_HELP}"),
        (result.options.dry_run, f"{style('info', changes)} (dry run, nothing written)"),
        (result.options.output is not None, style("good", f"patched copy written to {result.options.output}")),
        (not result.written, "nothing to do: everything is there already"),
    )
    return next((words for holds, words in cases if holds), style("good", "written"))


_HELP = (
    "try --serve auto, which switches servers without a change of their code, --code, --published tls for ports that "
    "only the host asks, or aicos-tls learn; --all or --include SERVICE change the files all the same"
)


def _services(result: Result, style: Style) -> Iterator[str]:
    plan = result.prepared.plan
    by_service: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        by_service[change.service].append(change)
    width = max((len(name) for name in by_service), default=0)
    for name in (*plan.decisions, ""):
        if changes := by_service.get(name):
            yield f"{style('name', (name or '(shared)').ljust(width))}  {_counted(changes)}"


def _counted(changes: Iterable[Change]) -> str:
    counts = Counter(change.rule for change in changes)
    return ", ".join(
        _WORDS[rule] if rule in _ONCE or (rule == "healthcheck" and n == 1) else counted(n, _WORDS[rule])
        for rule, n in counts.items()
    )


def _certificates(result: Result, style: Style) -> Iterator[str]:
    width = max((len(c.path) for c in result.certificates), default=0)
    words = {"missing": "will be issued", "there": "is there"}
    for each in result.certificates:
        expires = f"  expires {each.expires:%Y-%m-%d} ({each.days_left} days)" if each.expires else ""
        state = words.get(each.state, each.state)
        yield f"{each.path.ljust(width)}  {state}{expires}  {style('quiet', _names(each))}".rstrip()
    yield from result.remarks


def _names(certificate: Listed) -> str:
    return ", ".join(name for name in certificate.dns_names if name != "localhost")


def _left_alone(result: Result, style: Style, *, verbose: bool) -> Iterator[str]:
    plan = result.prepared.plan
    for decision in plan.decisions.values():
        if not decision.in_scope:
            yield f"{style('name', decision.service)}: {decision.reason}"
    yield from _grouped(result, [note for note in plan.notes if note.topic == "kept"], style)
    if verbose:
        for reference in plan.references:
            if reference.target is None:
                where = style("quiet", _place(result, reference.where))
                yield f"{reference.site.name}: {masked(reference.text)}: {reference.kind.value}  {where}"


def _declined(result: Result, declined: Iterable[Declined], style: Style) -> Iterator[str]:
    for each in declined:
        yield f"{style('bad', _place(result, each.where))}  {each.service or '(shared)'}: {masked(each.reason)}"
        yield from (f"    {line}" for line in each.paste.splitlines())


def _todo(result: Result, style: Style) -> Iterator[str]:
    plan = result.prepared.plan
    yield from _grouped(result, [note for note in plan.notes if note.topic != "kept"], style)
    yield from _gaps(result.prepared.gaps, style)
    if result.options.dry_run or not result.written:
        return
    if result.options.output is not None:
        yield from _start_output(result, result.options.output)
        return
    yield from _restart(result)
    yield "take it back: aicos-tls rollback"


def _gaps(gaps: Iterable[Gap], style: Style) -> Iterator[str]:
    """The servers that would not serve TLS, those with the same reason in one line (guide, phase 4)."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for gap in gaps:
        grouped[gap.words, gap.command].append(gap.service)
    for (words, command), names in grouped.items():
        who = style("name", ", ".join(names))
        verb = "does" if len(names) == 1 else "do"
        yield f"{who} {verb} not serve HTTPS yet: {words}{f': {command}' if command else ''}"
    if grouped:
        yield "how each could: aicos-tls code status"


def _restart(result: Result) -> Iterator[str]:
    """How to start: with an override file, docker compose has to be told about it."""
    prepared = result.prepared
    names = [relative(prepared.directory, path) for path in prepared.compose_files] if prepared.override else []
    yield restart(names, build=_builds(result))
    if names:
        yield f"or once for all, in .env or the environment: COMPOSE_FILE={':'.join(names)}"


def _builds(result: Result) -> bool:
    """Whether an image has to be built: something of it changed, a sidecar came, or its code has still to change."""
    plan, gaps = result.prepared.plan, result.prepared.gaps
    if any(change.rule in ("dockerignore", "sidecar") for change in plan.changes):
        return True
    certs = certs_directory(result.prepared)
    changed = any(is_of_an_image(target.path, target.kind, certs) for target in result.changed)
    return changed or any(plan.project.services[gap.service].builds for gap in gaps)


def _start_output(result: Result, output: Path) -> Iterator[str]:
    """How to start with a file from elsewhere: docker compose takes relative paths from where the first one is."""
    prepared = result.prepared
    yield f"the certificates that it mounts from {prepared.plan.policy.certs_dir}: aicos-tls certs issue"
    files = " ".join(f"-f {path}" for path in (output, *prepared.selection.files[1:]))
    same = output.parent.resolve() == prepared.directory.resolve()
    elsewhere = "" if same else f"--project-directory {prepared.directory} "
    yield f"start with it: docker compose {elsewhere}{files} up -d"


def _grouped(result: Result, notes: Iterable[Note], style: Style) -> Iterator[str]:
    """One line for each text, with the services and the places that it is about."""
    by_text: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        by_text[masked(note.text)].append(note)
    for words, same in by_text.items():
        who = ", ".join(dict.fromkeys(style("name", note.service) for note in same if note.service))
        places = ", ".join(dict.fromkeys(_place(result, note.where) for note in same if note.where))
        where = f"  {style('quiet', places)}" if places else ""
        yield f"{who}{': ' if who else ''}{words}{where}"


def _place(result: Result, where: Where) -> str:
    return place(result.prepared.directory, where)
