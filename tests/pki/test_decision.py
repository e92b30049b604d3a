from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aicos_tls.errors import InternalError, TlsError
from aicos_tls.pki import CA_NAME, Wanted
from aicos_tls.pki.decision import NOTHING, Action, Decision, Step, decide
from aicos_tls.pki.store import survey

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from aicos_tls.pki.decision import Force

Look = Callable[..., Decision]
KEEP, ISSUE, RENEW = Action.KEEP, Action.ISSUE, Action.RENEW


@pytest.fixture
def look(certs: Path, wanted: tuple[Wanted, ...], now: datetime) -> Look:
    """What is decided on the directory as it stands when this is called."""

    def decision(force: Force = NOTHING, *, leaves: tuple[Wanted, ...] = wanted, later: int = 0) -> Decision:
        return decide(survey(certs, leaves, now=now + timedelta(days=later)), force)

    return decision


def _actions(decision: Decision) -> list[Action]:
    return [decision.authority.action, *(step.action for step in decision.leaves)]


def _half(certs: Path) -> None:
    (certs / "api-cert.pem").unlink()


def _mismatch(certs: Path) -> None:
    shutil.copy(certs / "web-key.pem", certs / "api-key.pem")


def _garbage(certs: Path) -> None:
    (certs / "api-key.pem").write_text("garbage")


BROKEN = pytest.mark.parametrize("spoil", [_half, _mismatch, _garbage])


def test_what_fits_is_kept(look: Look) -> None:
    decision = look()
    assert _actions(decision) == [KEEP, KEEP, KEEP]
    assert (decision.new_keys, decision.orphans) == ((), ())


def test_what_is_missing_is_issued(certs: Path, look: Look) -> None:
    for kind in ("cert", "key"):
        (certs / f"api-{kind}.pem").unlink()
    decision = look()
    assert decision.leaves[0] == Step("api", ISSUE, "there is none")
    assert _actions(decision) == [KEEP, ISSUE, KEEP]
    assert decision.new_keys == ("api",)


def test_nothing_there_means_everything_anew(certs: Path, look: Look) -> None:
    shutil.rmtree(certs)
    assert look().new_keys == (CA_NAME, "api", "web")


def test_a_stale_certificate_is_renewed_with_its_key(look: Look, wanted: tuple[Wanted, ...]) -> None:
    decision = look(leaves=(Wanted("api", ("api.internal",)), wanted[1]))
    assert _actions(decision) == [KEEP, RENEW, KEEP]
    assert decision.leaves[0].reason == "the certificate lacks the name api.internal"
    assert decision.new_keys == ()


@BROKEN
def test_a_conflict_stops_everything_and_says_what_to_do(
    certs: Path, look: Look, spoil: Callable[[Path], None]
) -> None:
    spoil(certs)
    with pytest.raises(TlsError) as caught:
        look()
    assert caught.value.where
    assert caught.value.where.path.name in {"api-cert.pem", "api-key.pem"}
    assert "aicos-tls certs issue --force api" in caught.value.hint


@BROKEN
@pytest.mark.parametrize("force", [frozenset({"api"}), frozenset({"api", "web"}), "all"])
def test_force_replaces_a_broken_pair(certs: Path, look: Look, spoil: Callable[[Path], None], force: Force) -> None:
    spoil(certs)
    decision = look(force)
    assert decision.leaves[0] == Step("api", ISSUE, "forced")
    assert _actions(decision)[2] is (ISSUE if "web" in force or force == "all" else KEEP)
    assert (decision.authority.action is ISSUE) == (force == "all")


def test_force_of_one_pair_does_not_excuse_another(certs: Path, look: Look) -> None:
    _garbage(certs)
    with pytest.raises(TlsError, match="no private key"):
        look(frozenset({"web"}))


def test_a_forced_ca_renews_the_leaves_and_keeps_their_keys(look: Look) -> None:
    decision = look(frozenset({CA_NAME}))
    assert decision.authority == Step(CA_NAME, ISSUE, "forced")
    assert decision.leaves == (Step("api", RENEW, "the CA is replaced"), Step("web", RENEW, "the CA is replaced"))
    assert decision.new_keys == (CA_NAME,)


def test_a_forced_ca_takes_in_the_leaves_of_another(certs: Path, foreign: Path, look: Look) -> None:
    for kind in ("cert", "key"):
        shutil.copy(foreign / f"api-{kind}.pem", certs / f"api-{kind}.pem")
    with pytest.raises(TlsError, match="was not signed by the CA that is there"):
        look()
    assert _actions(look(frozenset({CA_NAME}))) == [ISSUE, RENEW, RENEW]


def test_a_forced_ca_issues_what_is_missing(certs: Path, look: Look) -> None:
    for kind in ("cert", "key"):
        (certs / f"api-{kind}.pem").unlink()
    assert _actions(look(frozenset({CA_NAME}))) == [ISSUE, ISSUE, RENEW]


@BROKEN
def test_a_forced_ca_does_not_excuse_a_broken_pair(certs: Path, look: Look, spoil: Callable[[Path], None]) -> None:
    spoil(certs)
    with pytest.raises(TlsError):
        look(frozenset({CA_NAME}))


def test_an_expired_ca_stops_everything_until_it_is_forced(look: Look) -> None:
    with pytest.raises(TlsError, match="the certificate expired on 2026-06-09"):
        look(later=101)
    assert _actions(look(frozenset({CA_NAME}), later=101)) == [ISSUE, RENEW, RENEW]


def test_a_lost_ca_does_not_make_its_leaves_new_unasked(certs: Path, look: Look) -> None:
    for kind in ("cert", "key"):
        (certs / f"ca-{kind}.pem").unlink()
    with pytest.raises(TlsError, match="no CA beside it"):
        look()
    assert _actions(look(frozenset({CA_NAME}))) == [ISSUE, RENEW, RENEW]
    assert _actions(look("all")) == [ISSUE, ISSUE, ISSUE]


def test_a_new_ca_orphans_what_nobody_asked_for(look: Look, wanted: tuple[Wanted, ...]) -> None:
    assert look("all", leaves=wanted[:1]).orphans == ("web",)
    assert look(frozenset({"api"}), leaves=wanted[:1]).orphans == ()


def test_a_ca_key_kept_elsewhere_is_missed_only_when_something_is_issued(
    certs: Path, look: Look, wanted: tuple[Wanted, ...]
) -> None:
    (certs / "ca-key.pem").unlink()
    assert _actions(look()) == [KEEP, KEEP, KEEP]
    with pytest.raises(TlsError) as caught:
        look(leaves=(*wanted, Wanted("new", ("new",))))
    assert str(caught.value) == (
        f"{certs / 'ca-key.pem'}: the CA's private key is not here, and new-cert.pem has to be issued (there is none)"
        " (bring it back for as long as certificates are issued)"
    )
    assert _actions(look("all")) == [ISSUE, ISSUE, ISSUE]


@pytest.mark.parametrize("name", ["api-key.pem", "ca-key.pem", "ca-cert.pem"])
@pytest.mark.parametrize("force", ["all", frozenset({"ca", "api"})])
def test_not_even_force_replaces_a_directory(certs: Path, look: Look, name: str, force: Force) -> None:
    (certs / name).unlink()
    (certs / name).mkdir()
    with pytest.raises(TlsError, match="this is a directory") as caught:
        look(force)
    assert caught.value.where
    assert caught.value.where.path == certs / name


def test_a_directory_beside_a_missing_half_is_found_too(certs: Path, look: Look) -> None:
    (certs / "ca-cert.pem").unlink()
    (certs / "ca-key.pem").unlink()
    (certs / "ca-key.pem").mkdir()
    with pytest.raises(TlsError, match="this is a directory"):
        look("all")


def test_force_of_a_stranger_is_our_mistake(look: Look) -> None:
    with pytest.raises(InternalError, match="x, y"):
        look(frozenset({"y", "x", "api"}))
