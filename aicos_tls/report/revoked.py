"""The revocation list as a person and a program read it, and who can check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aicos_tls.report.json import envelope
from aicos_tls.report.words import counted
from aicos_tls.serving.revocation import CHECKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.commands.certificates.revoking import Listing
    from aicos_tls.report.style import Style


def text(result: Listing, style: Style) -> str:
    """The result of `certs revoke` and `certs crl`."""
    return "\n".join(_text(result, style)) + "\n"


def _text(result: Listing, style: Style) -> Iterator[str]:
    for entry in result.added:
        yield f"{style('bad', 'revoked')} {result.short_name}: serial {entry.serial:x} ({entry.reason.value})"
    if result.short_name and not result.added:
        yield f"{result.short_name}: revoked already"
    crl = result.crl
    state = "" if result.written else ", as before"
    yield (
        f"{style('name', str(result.path))}: list {crl.number}, {counted(len(crl.revoked), 'certificate')} revoked, "
        f"valid until {crl.ends:%Y-%m-%d %H:%M} UTC{state}"
    )
    if result.added:
        yield f"→ a new key and certificate: aicos-tls certs issue {result.short_name} --force, then restart it"
    if result.written:
        yield "→ in effect where it is checked, once it is read anew: aicos-tls certs crl --who"


def as_json(command: str, result: Listing) -> str:
    """The same as data."""
    crl = result.crl
    entries = [
        {
            "serial": f"{each.serial:x}",
            "revoked": each.moment.isoformat(),
            "reason": each.reason.value,
            "new": each.serial in {new.serial for new in result.added},
        }
        for each in crl.revoked
    ]
    return envelope(
        command,
        {
            "file": str(result.path),
            "written": result.written,
            "number": crl.number,
            "this_update": crl.begins.isoformat(),
            "next_update": crl.ends.isoformat(),
            "revoked": entries,
        },
    )


def checkers(style: Style) -> str:
    """Who can check a list, with the lines that it takes, and who cannot."""
    lines: list[str] = []
    for each in CHECKERS:
        tried = "" if each.tried or not each.can else " (not tried)"
        verdict = style("good", "checks") if each.can else style("bad", "cannot")
        lines.append(f"{style('name', each.name)}, as {each.role}: {verdict}{tried}")
        lines += [f"    {line.replace('{certs}', '/app/certs')}" for line in each.settings]
        lines += [f"  {each.note}"] if each.note else []
        lines += [f"  a newer list: {each.renewing}"] if each.renewing else []
    return "\n".join(lines) + "\n"


def checkers_json() -> str:
    """The same as data."""
    body = [
        {
            "name": each.name,
            "role": each.role,
            "checks": each.can,
            "settings": list(each.settings),
            "newer_list": each.renewing or None,
            "note": each.note or None,
            "source": each.source or None,
            "tried": each.tried,
        }
        for each in CHECKERS
    ]
    return envelope("certs crl --who", {"checkers": body})
