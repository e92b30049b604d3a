"""Random compose models for the laws: services that ask each other, with everything that an edit has to get around.

`models()` draws a tree of nodes as data; `compose_texts` writes it in a random style.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import strategies as st
from msgspec import Struct, field

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn


class Raw(Struct, frozen=True):
    """A number, boolean or null: always written plain."""

    text: str


class Ref(Struct, frozen=True):
    """An alias."""

    name: str


class Seq(Struct):
    """A sequence."""

    items: list[Tree]
    anchor: str = ""


class Map(Struct):
    """A mapping; the key `<<` merges."""

    pairs: list[tuple[str, Tree]] = field(default_factory=list)
    anchor: str = ""


Tree: TypeAlias = "str | Raw | Ref | Seq | Map"

NAMES = ("api", "web", "worker", "auth-svc", "shop_db", "shop-cache")
TEXTS = (
    "plain", "two words", "with: colon", "it's", 'say "hi"', "# no comment", "a #b", "🎉 é http://nowhere", "C:\\dir",
    "yes", "0x1F", "1:30", "~", "- dash", "{brace}", "https://api.openai.com", "postgres://u:p@shop_db:5432/d",
    "http://localhost:3000", "*", "%x", "line one\nline two\n", "", "e\u0301a", "x" * 300, "a, b", "[1]", "&no",
)  # fmt: skip
URLS = (
    "http://{0}:8001", "http://{0}", "ws://{0}:9/feed?a=1&b=#top", "HTTP://{0}:80/", "http://{0}:1,http://{0}:2",
    "http://{0},http://{0}:8001",
    "http://user:pass@{0}:8001/x", '{{"url": "http://{0}:8001/é"}}', "${{API:-http://{0}:8001}}", "🎉 http://{0}:8001",
    "first http://{0}:8001\nthen http://{0}:8002 too\n", "it's http://{0}:8001",
)  # fmt: skip
TESTS = (
    ("CMD", "curl", "-f", "http://localhost:8001/health"),
    ("CMD-SHELL", "curl -f http://localhost:8001/health || exit 1"),
    ("CMD", "wget", "-q", "--spider", "http://127.0.0.1:8001/"),
    ("NONE",),
    ("CMD", "pg_isready"),
)


@st.composite
def models(draw: DrawFn, *, anchors: bool = True) -> Map:
    """A compose model; `anchors` allows anchors, aliases and merge keys."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    top: list[tuple[str, Tree]] = []
    shared: list[str] = []
    if anchors and draw(st.booleans()):
        environment: Map | Seq = _variables(draw, names) if draw(st.booleans()) else Seq(_assignments(draw, names))
        environment.anchor = "env"
        top.append(("x-env", environment))
        shared.append("env")
    if anchors and draw(st.booleans()):
        common = Map([("restart", "always"), *_attributes(draw, names, shared)], "common")
        top.append(("x-common", common))
        shared.append("common")
    services = Map([(name, _service(draw, name, names, shared)) for name in names])
    rest: list[tuple[str, Tree]] = [("services", services)]
    if draw(st.booleans()):
        rest.append(("networks", Map([("front", Raw("")), ("back", Map([("driver", "bridge")]))])))
    if draw(st.booleans()):
        rest.insert(0, ("name", "demo"))
    return Map([*top, *(draw(st.permutations(rest)) if len(rest) > 1 else rest)])


def _service(draw: DrawFn, name: str, names: list[str], shared: list[str]) -> Map:
    pairs = _attributes(draw, names, shared)
    image: list[tuple[str, Tree]] = [
        ("image", f"acme/{name}:1"),
        ("image", "postgres:16"),
        ("build", f"./{name}"),
        ("build", Map([("context", "."), ("args", Map([("URL", _url(draw, names))]))])),
    ]
    pairs.append(draw(st.sampled_from(image)))
    if draw(st.booleans()):
        pairs.append(("healthcheck", _healthcheck(draw)))
    if draw(st.booleans()):
        pairs.append(("command", _value(draw, names)))
    if draw(st.booleans()):
        pairs.append(("ports", Seq(["8001:8001", Raw("80")])))
    pairs = draw(st.permutations(pairs))
    if "common" in shared and draw(st.booleans()):
        pairs.insert(draw(st.integers(0, len(pairs))), ("<<", Ref("common")))
    return Map(pairs)


def _attributes(draw: DrawFn, names: list[str], shared: list[str]) -> list[tuple[str, Tree]]:
    """Environment and volumes, or neither."""
    pairs: list[tuple[str, Tree]] = []
    if draw(st.booleans()):
        pairs.append(("environment", _environment(draw, names, shared)))
    if draw(st.booleans()):
        pairs.append(("volumes", _volumes(draw)))
    return pairs


def _environment(draw: DrawFn, names: list[str], shared: list[str]) -> Tree:
    kind = draw(st.sampled_from(["list", "mapping", "null", "empty list", "empty mapping", "alias", "merge"]))
    if kind == "alias" and "env" in shared:
        return Ref("env")
    if kind == "mapping" or (kind == "merge" and "env" not in shared):
        return _variables(draw, names)
    if kind == "null":
        return Raw(draw(st.sampled_from(["", "~", "null"])))
    if kind.startswith("empty"):
        return Seq([]) if kind == "empty list" else Map()
    return Seq(_assignments(draw, names))


def _variables(draw: DrawFn, names: list[str]) -> Map:
    keys = draw(st.lists(st.sampled_from(["API_URL", "MODE", "OTHER", "TLS_CERT_PATH", "dotted.key"]), unique=True))
    return Map([(key, "/app/certs" if key == "TLS_CERT_PATH" else _value(draw, names)) for key in keys])


def _assignments(draw: DrawFn, names: list[str]) -> list[Tree]:
    return [f"{key}={_text(draw, names)}" for key in draw(st.lists(st.sampled_from(["A", "B", "C"]), unique=True))]


def _volumes(draw: DrawFn) -> Tree:
    choices: list[Tree] = [
        Seq(["./data:/data"]),
        Seq(["./data:/data", Map([("type", "bind"), ("source", "."), ("target", "/y")])]),
        Seq(["./mine:/app/certs"]),
        Seq([]),
        Raw(""),
        Seq(["a:/a", "b:/b", "c:/c"]),
    ]
    return draw(st.sampled_from(choices))


def _healthcheck(draw: DrawFn) -> Map:
    test = draw(st.sampled_from(TESTS))
    pairs: list[tuple[str, Tree]] = [("test", Seq(list(test))), ("interval", "10s"), ("retries", Raw("3"))]
    if draw(st.booleans()):
        pairs[0] = ("test", test[-1])
    return Map(draw(st.permutations(pairs)))


def _url(draw: DrawFn, names: list[str]) -> str:
    return draw(st.sampled_from(URLS)).format(draw(st.sampled_from(names)))


def _text(draw: DrawFn, names: list[str]) -> str:
    return _url(draw, names) if draw(st.booleans()) else draw(st.sampled_from(TEXTS))


def _value(draw: DrawFn, names: list[str]) -> Tree:
    raw: list[Any] = [Raw("8080"), Raw("true"), Raw("1.5"), Raw("")]
    return draw(st.sampled_from(raw)) if draw(st.integers(0, 4)) == 0 else _text(draw, names)
