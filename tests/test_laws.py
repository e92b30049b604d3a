"""Laws over the whole tool, in process, on compose texts in random styles.

`ci` is the fixed profile. `HYPOTHESIS_PROFILE=long` draws other examples each time, and many more of them. A text that
broke a law stays here as an example.
"""

from __future__ import annotations

import json
import os
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import second_opinion
from compose_texts import json_texts, texts
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from aicos_tls import planner
from aicos_tls.compose.load import load
from aicos_tls.files import TextFile
from aicos_tls.plan.model import Plan, Proposal
from aicos_tls.plan.policy import resolve
from aicos_tls.rollback import FileChange, from_json, make_record, to_json, undo
from aicos_tls.rules import RULES
from aicos_tls.rules.context import Context
from aicos_tls.yamledit import apply as applying
from aicos_tls.yamledit.edits import Edit, InexpressibleError, Splice
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from aicos_tls.compose.model import ComposeFile

PATH = Path("/nowhere/docker-compose.yml")

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
settings.register_profile("ci", derandomize=True, max_examples=200, deadline=None, suppress_health_check=_CHECKS)
settings.register_profile("long", max_examples=20_000, deadline=None, suppress_health_check=_CHECKS)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
FLAGS: st.SearchStrategy[dict[str, object]] = st.sampled_from([{}, {"all": True}])


def planned(data: bytes, **flags: object) -> Plan:
    project = load([PATH], read=lambda path: TextFile(path, data))
    return planner.plan(project, resolve(project, flags))


def enabled(plan: Plan, data: bytes) -> bytes:
    return next((file.after for file in plan.files if file.path == PATH), data)


def lines(data: bytes) -> list[bytes]:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines()


FOUND = (
    b"services:\n  api:\n    build: .\n    environment:\n    - A=1\n    # - B=2\n    volumes:\n    - x:/y # c\n",
    b'services: {"api": {"build": ".", "environment": []}, "web": {"build": ".", "environment": {"U": "http://api"}}}',
    b"services:\n  api:\n    build: .\n    environment:\n    volumes:\n",
    "services:\r\n  api:\r\n    build: .\r\n    environment: {A: 'b', C: \"💚\"}".encode(),
    b"services:\n  api:\n    build: .\n    command: |+\n      run http://api\n\n",
    # keys with dots, and a URL that another one begins with: the proof of the plan took them for undeclared changes
    b"services:\n  api:\n    build: .\n    environment:\n      a.b: http://api\n      C: http://api,http://api:8001\n",
    b'{"services":{"api":{"build":".","environment":{}}}}',  # stays JSON
)


def law(test: Callable[[dict[str, object], bytes], None]) -> Callable[[], None]:
    """Make a law of a test of a text, with and without --all."""
    for data in FOUND:
        test = example(flags={"all": True}, data=data)(test)
    return PROFILE(given(flags=FLAGS, data=texts())(test))


@PROFILE
@given(texts())
def test_no_edit_gives_the_same_bytes(data: bytes) -> None:
    file = TextFile(PATH, data)
    edited = applying.apply(file, parse(file), [])
    assert edited.file.encode(edited.file.text) == data
    names = tuple(load([PATH], read=lambda _: file).services)
    assert planned(data, exclude=names, all=True).files == []


@law
def test_enable_then_undo_gives_the_same_bytes(flags: dict[str, object], data: bytes) -> None:
    after = enabled(planned(data, **flags), data)
    change = FileChange("docker-compose.yml", "text", data, after)
    record = from_json(to_json(make_record([change], tool="0", policy={}, names={})), PATH)
    contents = undo(record, lambda _: after).contents
    assert contents.get("docker-compose.yml", data) == data


@law
def test_enabling_twice_changes_once(flags: dict[str, object], data: bytes) -> None:
    once = enabled(planned(data, **flags), data)
    event("changed" if once != data else "unchanged")
    again = planned(once, **flags)
    assert enabled(again, once) == once
    assert again.changes == []


@law
def test_the_model_differs_in_the_declared_changes_alone(flags: dict[str, object], data: bytes) -> None:
    plan = planned(data, **flags)
    event("declined" if plan.declined else "all done")
    after = enabled(plan, data)
    assert second_opinion.differences(second_opinion.load(data), second_opinion.load(after), plan.changes) == []


@law
def test_lines_that_no_change_names_stay(flags: dict[str, object], data: bytes) -> None:
    plan = planned(data, **flags)
    after = enabled(plan, data)
    assert after.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    assert after.endswith((b"\n", b"\r")) == data.endswith((b"\n", b"\r"))
    if b"\r" not in data.replace(b"\r\n", b""):
        assert (b"\n" in data.replace(b"\r\n", b"")) == (b"\n" in after.replace(b"\r\n", b""))
    matcher = SequenceMatcher(None, lines(data), lines(after), autojunk=False)
    gone = sum(end - start for kind, start, end, _, _ in matcher.get_opcodes() if kind != "equal")
    assert gone <= len(plan.changes)


@PROFILE
@given(texts(), st.randoms(use_true_random=False))
def test_the_order_of_edits_and_splices_does_not_matter(data: bytes, random: Random) -> None:
    file = TextFile(PATH, data)
    project = load([PATH], read=lambda _: file)
    context = Context.of(project, resolve(project, {"all": True}), None)
    proposals = [o for rule in RULES.values() for o in rule.check(context) if isinstance(o, Proposal)]
    edits = [edit for proposal in proposals for _, edit in proposal.edits if not isinstance(edit, Splice)]
    other = random.sample(edits, len(edits))
    assert outcome(project.main, edits) == outcome(project.main, other)


def outcome(source: ComposeFile, edits: list[Edit]) -> str:
    try:
        return applying.apply(source.file, source.stream, edits).file.text
    except InexpressibleError:
        return "inexpressible"


@PROFILE
@given(flags=FLAGS, data=json_texts())
def test_json_stays_json(flags: dict[str, object], data: bytes) -> None:
    assert json.loads(enabled(planned(data, **flags), data))
