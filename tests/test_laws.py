"""Laws of the whole tool over compose texts in random styles. LAWS=long runs many more examples."""

from __future__ import annotations

import os
import random
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from compose_texts import texts
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from aicos_tls import rollback
from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.files import TextFile
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.yamledit.apply import splice
from aicos_tls.yamledit.edits import Splice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aicos_tls.plan.model import Plan

settings.register_profile(
    "laws",
    max_examples=5000 if os.environ.get("LAWS") == "long" else 120,
    derandomize=os.environ.get("LAWS") != "long",
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LAWS = settings.get_profile("laws")


class Loader(yaml.SafeLoader):
    """Leaves every scalar a text, so that nothing is compared that compose would not see."""


Loader.yaml_implicit_resolvers = {}


@contextmanager
def file_with(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "docker-compose.yml"
        path.write_bytes(text.encode())
        yield path


def planned(path: Path, *, every: bool) -> Plan | None:
    try:
        project = load([path])
    except TlsError:  # what no compose file is, for example one in which every service is empty
        return None
    return plan(project, resolve(project, {"all": True} if every else {}))


def after(made: Plan, path: Path) -> bytes:
    return next((file.after for file in made.files if file.path == path), path.read_bytes())


TRICKY = (
    "services:\n  api:\n    build: .\n    environment:\n    - A=1\n    # - B=2\n    volumes:\n    - x:/y # c\n",
    'services: {"api": {"build": ".", "environment": []}, "web": {"build": ".", "environment": {"U": "http://api"}}}',
    "services:\n  api:\n    build: .\n    environment:\n    volumes:\n",
    "services:\r\n  api:\r\n    build: .\r\n    environment: {A: 'b', C: \"💚\"}",
    "services:\n  api:\n    build: .\n    command: |\n      run\n\n\n",
    "services:\n  api:\n    build: .\n    command: |+\n      run http://api\n\n",
)


@LAWS
@given(text=texts(), every=st.booleans())
@example(text=TRICKY[0], every=True)
@example(text=TRICKY[1], every=True)
@example(text=TRICKY[2], every=True)
@example(text=TRICKY[3], every=True)
@example(text=TRICKY[4], every=True)
@example(text=TRICKY[5], every=True)
def test_enabling_twice_is_enabling_once(text: str, every: bool) -> None:  # noqa: FBT001
    with file_with(text) as path:
        made = planned(path, every=every)
        if made is None:
            return
        path.write_bytes(after(made, path))
        again = planned(path, every=every)
        assert again is not None
        assert again.files == []
        assert again.changes == []


@LAWS
@given(text=texts(), every=st.booleans())
@example(text=TRICKY[0], every=True)
@example(text=TRICKY[5], every=True)
def test_a_record_gives_the_bytes_back(text: str, every: bool) -> None:  # noqa: FBT001
    with file_with(text) as path:
        before = path.read_bytes()
        made = planned(path, every=every)
        if made is None:
            return
        new = after(made, path)
        change = rollback.FileChange(path.name, "text", before, new)
        record = rollback.make_record([change], tool="x", policy={}, names={})
        read = rollback.from_json(rollback.to_json(record), path)
        assert rollback.undo(read, lambda _: new).contents.get(path.name, before) == before


@LAWS
@given(text=texts(), every=st.booleans())
@example(text=TRICKY[0], every=True)
@example(text=TRICKY[1], every=True)
@example(text=TRICKY[3], every=True)
def test_what_is_not_named_stays_to_the_byte(text: str, every: bool) -> None:  # noqa: FBT001
    with file_with(text) as path:
        made = planned(path, every=every)
        if made is None:
            return
        new = after(made, path)
        assert new.startswith(b"\xef\xbb\xbf") == text.startswith("\ufeff")
        assert (b"\r\n" in new) == ("\r\n" in text)
        assert new.endswith((b"\n", b"\r")) == text.endswith("\n")
        kept = iter(new.decode())
        removed = [char for char in text if char not in kept]
        assert not removed or any(c.before and c.rule != "urls" for c in made.changes), "a character is gone"


@LAWS
@given(text=texts(), every=st.booleans())
@example(text=TRICKY[1], every=True)
def test_the_difference_is_the_declared_one(text: str, every: bool) -> None:  # noqa: FBT001
    """A second opinion: PyYAML reads both texts; each difference has its change, and each change its difference."""
    with file_with(text) as path:
        made = planned(path, every=every)
        if made is None:
            return
        old, new = parsed(text), parsed(after(made, path).decode())
        declared = {change.path for change in made.changes}
        found = set(differing(old, new))
        assert {place for place in found if place not in declared} == set()
        assert {place for place in declared if not any(f == place or place.startswith(f"{f}.") for f in found)} == set()


def parsed(text: str) -> Any:
    """The text by PyYAML, or by ruamel where PyYAML does not know YAML 1.2: it takes `?x` in brackets for a key."""
    try:
        return yaml.load(text.removeprefix("\ufeff"), Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return YAML(typ="base", pure=True).load(text.removeprefix("\ufeff"))


def differing(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Dotted places that differ: variables by name, `volumes` and `test` whole, list members by index."""
    name = path.rpartition(".")[2]
    if name == "environment":
        old, new = variables(old), variables(new)
    if isinstance(new, dict) and (isinstance(old, dict) or old in (None, "")):
        for key in {**(old or {}), **new}:
            yield from differing((old or {}).get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and name not in ("volumes", "test"):
        for index, pair in enumerate(zip(old, new, strict=True)):
            yield from differing(*pair, f"{path}.{index}")
    elif old != new:
        yield path


def variables(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return dict(item.partition("=")[::2] for item in value)
    return value or {}


@LAWS
@given(
    text=st.text(max_size=60),
    cuts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8), st.text(max_size=3)), max_size=6),
    seed=st.integers(),
)
def test_the_order_of_splices_does_not_matter(text: str, cuts: list[tuple[int, int, str]], seed: int) -> None:
    at = 0
    splices: list[Splice] = []
    for gap, length, new in cuts:
        start = min(at + gap, len(text))
        end = min(start + length, len(text))
        splices.append(Splice(start, end, (len(splices),), new))
        at = end
    shuffled = splices[:]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    assert splice(text, shuffled) == splice(text, splices)
    assert splice(text, []) == text


def test_no_edit_gives_the_same_file() -> None:
    file = TextFile(Path("x"), b"\xef\xbb\xbfa: 1\r\n")
    assert file.encode(file.text) == file.raw
