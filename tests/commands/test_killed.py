"""Renewals and the steps of a rotation, killed at every single system call: old or new, never a mix."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from faults import die_at, in_child, with_faults

from aicos_tls.commands.renew import Options, renew
from aicos_tls.commands.rotation import Options as RotateOptions
from aicos_tls.commands.rotation import rotate
from aicos_tls.pki import KeyType, Profile, Wanted, keys
from aicos_tls.pki.certificate import load, load_all
from aicos_tls.pki.conformance import issue_objection
from aicos_tls.pki.issuing import issue
from aicos_tls.pki.rotation import read_rotation
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = Profile(KeyType.P256, 3650, timedelta(days=1))
NAMES = ("api", "web")

tried: dict[str, int] = {}


def made(directory: Path) -> Path:
    certs = directory / "certs"
    certs.mkdir(parents=True)
    wanted = [Wanted(name, (name,)) for name in NAMES]
    for new in issue(survey(certs, wanted, now=NOW), DAY, project="x", now=NOW).new_files:
        new.path.write_bytes(new.data)
        new.path.chmod(new.mode)
    return certs


def renewed(certs: Path, **how: bool) -> None:
    renew([], [], {}, Options(store=certs, **how), now=NOW + timedelta(hours=17), environment={})  # type: ignore[arg-type]


def moved(certs: Path, *moves: str) -> None:
    for move in moves:
        rotate([], move, {}, RotateOptions(store=certs), now=NOW, environment={})


def state(certs: Path) -> dict[str, tuple[int, bool]]:
    """The serial of each certificate, and whether it fits its key and a CA that is trusted."""
    trusted = load_all((certs / "ca-cert.pem").read_bytes())
    found = {}
    for name in ("ca", *NAMES):
        leaf = load((certs / f"{name}-cert.pem").read_bytes())
        key = keys.from_pem((certs / f"{name}-key.pem").read_bytes())
        signed = any(not issue_objection(leaf, each) for each in trusted)
        found[name] = (leaf.serial_number, keys.fits(key, leaf.public_key()) and signed)
    return found


PLANS: dict[str, tuple[tuple[str, ...], Callable[[Path], None]]] = {
    "renew": ((), renewed),
    "renew, the key kept": ((), partial(renewed, reuse_key=True)),
    "trust": ((), lambda certs: moved(certs, "trust")),
    "issue": (("trust",), lambda certs: moved(certs, "issue")),
    "back from issue": (("trust", "issue"), lambda certs: moved(certs, "back")),
    "back from trust": (("trust",), lambda certs: moved(certs, "back")),
    "drop": (("trust", "issue"), lambda certs: moved(certs, "drop")),
    "finish": (("trust", "issue", "drop"), lambda certs: moved(certs, "finish")),
}


@pytest.mark.parametrize("plan", PLANS)
def test_killed_at_every_call(tmp_path: Path, plan: str) -> None:
    moves, work = PLANS[plan]
    model = made(tmp_path / "model")
    moved(model, *moves)
    before = state(model)
    steps = {read_rotation(model, now=NOW).step}
    for k in itertools.count(1):
        certs = tmp_path / "killed" / "certs"
        shutil.rmtree(certs.parent, ignore_errors=True)
        shutil.copytree(model, certs, symlinks=True)
        code = in_child(with_faults(die_at(k), partial(work, certs)))
        after = state(certs)
        assert all(fits for _, fits in after.values()), (k, after)
        steps.add(read_rotation(certs, now=NOW).step)
        if code == 0:
            break
        assert code == 77, k
        if plan.startswith("renew"):
            renewed(certs)  # whoever comes next finishes it
            assert all(state(certs)[name][0] != before[name][0] for name in NAMES), k
    tried[plan] = k - 1
    assert len(steps) <= 2


def test_so_many_points_were_tried() -> None:
    """Where all of them ran: a single one is not counted."""
    assert len(tried) < len(PLANS) or sum(tried.values()) >= 300
