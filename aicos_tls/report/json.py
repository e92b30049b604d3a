"""The results as JSON with a schema version.

Keys are stable: within a schema they are added, never renamed or removed. Passwords in URLs are masked in every
text that only informs, so that a document may go to a log.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aicos_tls import __version__
from aicos_tls.commands.project import relative
from aicos_tls.report import connections
from aicos_tls.report.diff import file_diff
from aicos_tls.report.words import masked
from aicos_tls.rollback import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aicos_tls.commands import certs, enable, rollback
    from aicos_tls.commands.project import Target
    from aicos_tls.errors import Where
    from aicos_tls.pki.certificate import CertificateFacts
    from aicos_tls.pki.store import Inventory, Listed
    from aicos_tls.plan.model import Change, Declined, Note
    from aicos_tls.rollback import Clash
    from aicos_tls.serving.model import Choice

SCHEMA = 1
_EXACT = frozenset({"diff", "paste"})
"""What people apply, paste or compare: it stays as it is."""


def envelope(command: str, body: dict[str, object]) -> str:
    """A JSON document of a command's result."""
    head: dict[str, object] = {"schema": SCHEMA, "tool": "aicos-tls", "version": __version__, "command": command}
    return json.dumps(head | _without_passwords(body), indent=2, ensure_ascii=False) + "\n"


def _without_passwords(value: Any) -> Any:
    """The same JSON value with the passwords of URLs masked, save below the keys that are exact."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [_without_passwords(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key in _EXACT else _without_passwords(each) for key, each in value.items()}
    return value


def enable_json(result: enable.Result) -> str:
    """The result of `enable`."""
    plan, directory = result.prepared.plan, result.prepared.directory
    return envelope(
        "enable",
        {
            "dry_run": result.options.dry_run,
            "would_change": result.would_change,
            "blocked": result.blocked,
            "written": [relative(directory, path) for path in result.written],
            "policy": plan.policy.as_dict(),
            "services": [
                {
                    "name": d.service,
                    "in_scope": d.in_scope,
                    "reason": d.reason,
                    "short_name": plan.short_names.get(d.service),
                    "server": plan.servers[d.service].evidence if d.service in plan.servers else None,
                }
                for d in plan.decisions.values()
            ],
            "changes": [_change(c, directory) for c in plan.changes],
            "connections": [connections.as_json(c, directory) for c in result.prepared.connections],
            "summary": {
                "connections": result.verdict.number,
                "encrypted": len(result.verdict.encrypted),
                "plain": len(result.verdict.plain),
                "unmet": list(result.verdict.unmet),
            },
            "certificates": [
                {
                    "service": c.service or None,
                    "file": c.path,
                    "state": c.state,
                    "dns_names": list(c.dns_names),
                    "expires": c.expires.isoformat() if c.expires else None,
                    "days_left": c.days_left,
                    "key_type": c.key_type or None,
                }
                for c in result.certificates
            ],
            "override": relative(directory, result.prepared.override) if result.prepared.override else None,
            "second_opinion": _opinion(result),
            "declined": [_declined(d, directory) for d in plan.declined],
            "notes": [_note(n, directory) for n in plan.notes],
            "code": list(result.prepared.code),
            "not_serving_tls": [
                {"service": g.service, "reason": g.words, "command": g.command or None} for g in result.prepared.gaps
            ],
            "serving": [_choice(c, directory) for c in result.prepared.choices],
            "files": [_target(t, directory) for t in result.changed],
        },
    )


def _choice(choice: Choice, directory: Path) -> dict[str, object]:
    """The way in which a server comes to speak TLS, why, and what else there would be."""
    option = choice.option
    return {
        "service": choice.service,
        "how": choice.how.value,
        "ports": list(option.ports),
        "reason": option.reason,
        **_where(option.where, directory),
        "source": option.source or None,
        "tried": option.tried,
        "renews_without_restart": option.renews,
        "note": option.note or None,
        "next_best": choice.next_best.how.value if choice.next_best else None,
        "declined": [{"how": how.value, "reason": reason} for how, reason in choice.declined],
    }


def _where(where: Where | None, directory: Path) -> dict[str, object]:
    if where is None:
        return {"file": None, "line": None, "column": None}
    return {"file": relative(directory, where.path), "line": where.line or None, "column": where.column or None}


def _change(change: Change, directory: Path) -> dict[str, object]:
    return {
        "rule": change.rule,
        "service": change.service or None,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "why": change.why,
        **_where(change.where, directory),
    }


def _declined(declined: Declined, directory: Path) -> dict[str, object]:
    return {
        "rule": declined.rule,
        "service": declined.service or None,
        "reason": declined.reason,
        "paste": declined.paste,
        "safe": declined.safe,
        **_where(declined.where, directory),
    }


def _opinion(result: enable.Result) -> dict[str, object] | None:
    opinion = result.opinion
    if opinion is None:
        return None
    return {"command": opinion.command, "state": opinion.state, "message": opinion.message or None}


def _note(note: Note, directory: Path) -> dict[str, object]:
    return {"topic": note.topic, "service": note.service or None, "text": note.text, **_where(note.where, directory)}


def _target(target: Target, directory: Path) -> dict[str, object]:
    name = relative(directory, target.path)
    return {
        "path": name,
        "kind": target.kind,
        "diff": file_diff(name, target.kind, target.now.raw if target.now else None, target.after),
    }


def rollback_json(result: rollback.Result) -> str:
    """The result of `rollback`."""
    return envelope(
        "rollback",
        {
            "dry_run": result.dry_run,
            "blocked": [
                {
                    "path": b.path,
                    "reason": "edited" if isinstance(b, Conflict) else "gone",
                    "clashes": [_clash(c) for c in b.clashes] if isinstance(b, Conflict) else [],
                }
                for b in result.blocked
            ],
            "files": [
                {
                    "path": relative(result.directory, t.path),
                    "edited_since": t.edited,
                    "diff": file_diff(
                        relative(result.directory, t.path), t.kind, t.now.raw if t.now else None, t.after
                    ),
                }
                for t in result.taken
            ],
            "absent": list(result.absent),
            "interrupted": {
                "recovery": result.interrupted.recovery.value,
                "files": [relative(result.directory, p) for p in result.interrupted.files],
            }
            if result.interrupted
            else None,
            "removed_certificates": [relative(result.directory, p) for p in result.removed_certificates],
            "removed_directories": [relative(result.directory, p) for p in result.mount_points],
            "kept_certificates": [
                {"path": relative(result.directory, p), "reason": reason} for p, reason in result.kept_certificates
            ],
        },
    )


def _clash(clash: Clash) -> dict[str, object]:
    def lines(found: Iterable[bytes]) -> list[str]:
        return [line.decode("utf-8", "replace") for line in found]

    return {
        "line": clash.line,
        "found": lines(clash.found),
        "others": clash.others,
        "wrote": clash.wrote,
        "was": clash.was,
        "restore": lines(clash.restore),
    }


def inventory_json(inventory: Inventory) -> str:
    """The result of `certs list`."""
    return envelope(
        "certs list",
        {
            "certificates": [listed_json(each) for each in inventory.listed],
            "problems": [{"file": str(p.path), "problem": p.message, "hint": p.hint} for p in inventory.problems],
        },
    )


def listed_json(listed: Listed) -> dict[str, object]:
    """A certificate that is there."""
    return {
        "short_name": listed.short_name,
        "key_mode": _mode(listed.key_mode),
        **_facts(listed.certificate),
        "seconds_left": int(listed.certificate.time_left.total_seconds()),
    }


def issue_json(result: certs.IssueResult) -> str:
    """The result of `certs issue`."""
    return envelope(
        "certs issue",
        {
            "certificates": [
                {
                    "short_name": c.step.short_name,
                    "state": c.step.action.value,
                    "reason": c.step.reason or None,
                    **_facts(c.facts),
                }
                for c in result.issued.certificates
            ],
            "written": [str(path) for path in result.written],
            "remarks": [{"file": str(r.path), "problem": r.message, "hint": r.hint} for r in result.remarks],
        },
    )


def _mode(mode: int | None) -> str | None:
    return None if mode is None else f"{mode:04o}"


def _facts(facts: CertificateFacts) -> dict[str, object]:
    return {
        "file": str(facts.path),
        "subject": facts.subject,
        "issuer": facts.issuer,
        "names": list(facts.names),
        "not_before": facts.not_before.isoformat(),
        "not_after": facts.not_after.isoformat(),
        "days_left": facts.days_left,
        "key_type": facts.key_type,
        "mode": _mode(facts.mode),
        "serial": facts.serial,
        "sha256": facts.fingerprint,
    }
