"""What changes in the packages of front ends: configuration of tools, JSON, programs for Node, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.compose import urls
from aicos_tls.files import TextFile
from aicos_tls.sources.languages import Changed
from aicos_tls.sources.model import CodeContext
from aicos_tls.sources.node.language import LANGUAGE
from aicos_tls.sources.node.switch import switched
from aicos_tls.yamledit.apply import splice

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVERS = {"api": "api", "ai": "ai"}
S = "${/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || '') ? 's' : ''}"
ROOT = Path("/p")
UNPARSED = "the file cannot be parsed from here on, so nothing in it is changed"


def change(files: Mapping[str, str | bytes], *, asks: bool = False, server: bool = False) -> Changed:
    data = {name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()}
    texts = {PurePosixPath(name): TextFile(ROOT / name, each) for name, each in data.items()}
    context = CodeContext("web", "web", "/app/certs", frozenset({3000}), SERVERS, server, asks=asks)
    return LANGUAGE.change(texts, context)


def after(changed: Changed) -> dict[str, str]:
    found = {}
    for result in changed.results:
        parts = [part for each in result.changes for part in each.splices]
        if parts:
            found[result.file.path.relative_to(ROOT).as_posix()] = splice(result.file.text, parts)
    return found


def reasons(changed: Changed) -> list[tuple[str, str]]:
    return [(manual.reason, manual.paste) for result in changed.results for manual in result.manual]


def package(*names: str) -> str:
    return json.dumps({"dependencies": dict.fromkeys(names, "1")}, indent=2)


CONFIGURATION = {
    "vite": ("vite.config.js", "x({ '/api': 'http://api:8001' });\n", f"x({{ '/api': `http{S}://api:8001` }});\n"),
    "vite, quotes": (
        "vite.config.js",
        'x({ "/api": "http://api" });\n',
        'x({ "/api": `http${/^(1|on|true|yes)$/i.test(process.env.TLS_ENABLED || "") ? "s" : ""}://api:80` });\n',
    ),
    "vite, template": (
        "vite.config.mjs",
        "x({ '/api': { target: `ws://api:${PORT}`, ws: true, changeOrigin: true } });\n",
        f"x({{ '/api': {{ target: `ws{S}://api:${{PORT}}`, ws: true, changeOrigin: true }} }});\n",
    ),
    "vite, put together": (
        "vite.config.js",
        "const HOST = 'api';\nx('http://' + HOST + ':8001');\n",
        f"const HOST = 'api';\nx(`http{S}://` + HOST + ':8001');\n",
    ),
    "vite, TypeScript that knows process": (
        "vite.config.ts",
        "const t = process.env.API ?? 'http://api:8001';\n",
        f"const t = process.env.API ?? `http{S}://api:8001`;\n",
    ),
    "vite, TypeScript that does not": (
        "vite.config.ts",
        "const t = 'http://api:8001';\n",
        "const t = 'https://api:8001';\n",
    ),
    "webpack-dev-server": (
        "webpack.config.js",
        "module.exports = { devServer: { proxy: [{ target: 'http://api:8001', secure: false }] } };\n",
        f"module.exports = {{ devServer: {{ proxy: [{{ target: `http{S}://api:8001`, secure: false }}] }} }};\n",
    ),
    "@vue/cli-service": (
        "vue.config.js",
        "module.exports = { devServer: { proxy: 'http://api:8001' } };\n",
        f"module.exports = {{ devServer: {{ proxy: `http{S}://api:8001` }} }};\n",
    ),
    "next": (
        "next.config.js",
        "module.exports = { rewrites: () => [{ source: '/a', destination: `http://api/${x}` }] };\n",
        "module.exports = { rewrites: () => [{ source: '/a', destination: `https://api:80/${x}` }] };\n",
    ),
    "@angular/core": (
        "src/proxy.conf.js",
        "module.exports = { '/api': { target: 'http://api:8001', changeOrigin: true } };\n",
        f"module.exports = {{ '/api': {{ target: `http{S}://api:8001`, changeOrigin: true }} }};\n",
    ),
}


@pytest.mark.parametrize("case", CONFIGURATION)
def test_configuration_of_tools(case: str) -> None:
    name, before, wanted = CONFIGURATION[case]
    files = {"package.json": package(case.partition(",")[0]), name: before}
    changed = change(files)
    assert after(changed) == {name: wanted}
    assert changed.new == ()
    assert [result.trusts_variable for result in changed.results if result.changes] == [True]
    assert reasons(changed) == []
    assert after(change({**files, name: wanted})) == {}


def test_json_of_create_react_app() -> None:
    text = '{\n  "proxy": "http://api",\n  "homepage": "http://api/x",\n  "dependencies": {"react-scripts": "5"}\n}\n'
    changed = change({"package.json": text})
    assert after(changed) == {"package.json": text.replace('"http://api"', '"https://api:80"')}
    assert not any(result.trusts_variable for result in changed.results)
    assert after(change({"package.json": text.replace("react-scripts", "express")})) == {}
    assert after(change({"package.json": text.replace("http://api", "http://example.com")})) == {}


def test_json_of_angular() -> None:
    proxy = '{\n  // development\n  "/api": { "target": "http://api:8001", "secure": false },\n  "/x": {"target": "http://x"}\n}\n'
    files = {"package.json": package("@angular/core"), "src/proxy.conf.json": proxy, "src/data.json": proxy}
    changed = change(files)
    assert after(changed) == {"src/proxy.conf.json": proxy.replace("http://api", "https://api")}
    assert any(result.trusts_variable for result in changed.results)
    assert after(change({**files, "src/proxy.conf.json": b"\xff"})) == {}


def test_proxies_that_would_check_the_name_that_a_browser_sent() -> None:
    text = "x({ '/a': 'http://api:8001', '/b': { target: 'http://ai:8002' }, other: 'http://api:8001' });\n"
    wanted = "the proxy checks the certificate against the Host that the browser sent"
    vite = change({"package.json": package("vite"), "vite.config.js": text})
    assert reasons(vite) == [(wanted, "changeOrigin: true,")]
    webpack = change({"package.json": package("webpack-dev-server"), "webpack.config.js": text})
    assert set(reasons(webpack)) == {
        (wanted, "changeOrigin: true,"),
        (wanted, "{ target: 'http://api:8001', changeOrigin: true },"),
    }


@pytest.mark.parametrize(("asks", "trusts"), [(True, True), (False, False)])
def test_a_proxy_to_what_a_variable_says(asks: bool, trusts: bool) -> None:  # noqa: FBT001
    files = {"package.json": package("vite"), "vite.config.js": "x({ proxy: { '/a': process.env.API_URL } });\n"}
    assert any(result.trusts_variable for result in change(files, asks=asks).results) is trusts


def test_configuration_that_cannot_be_read_as_it_should() -> None:
    broken = change({"package.json": package("vite"), "vite.config.js": "x({ a: 'http://api:8001';\n"})
    assert [reason for reason, _ in reasons(broken)] == [UNPARSED]
    odd = change({"package.json": package("vite"), "vite.config.js": "x('`http://api:8001`');\n"})
    assert [reason for reason, _ in reasons(odd)] == ["ask api over HTTPS: a call cannot stand here"]
    bytes_ = change({"package.json": package("vite"), "vite.config.js": b"// proxy \xff http://api:8001\n"}, asks=True)
    assert reasons(bytes_) == []


def test_what_may_run_in_browsers_is_left_to_a_person() -> None:
    text = "export const u = process.env.API_URL || 'http://api:8001';\n"
    changed = change({"package.json": package("next"), "lib/a.ts": text}, asks=True)
    assert after(changed) == {}
    paste = text.strip().replace("'http://api:8001'", f"`http{S}://api:8001`")
    assert reasons(changed) == [("it does not surely run in Node alone (package.json:3 next): not changed", paste)]
    broken = change({"package.json": package("next"), "lib/a.ts": "const a = 'http://api:8001"}, asks=True)
    assert [reason for reason, _ in reasons(broken)] == [UNPARSED]


CLIENT = (
    "const axios = require('axios');\nconst c = axios.create({ baseURL: process.env.OUTSIDE });\n"
    "fetch(process.env.URL);\n"
)


def test_no_helper_for_a_service_that_neither_serves_nor_asks() -> None:
    assert change({"a.js": CLIENT}) == Changed()
    assert change({}) == Changed()
    asking = change({"a.js": CLIENT}, asks=True)
    assert [new.path.name for new in asking.new] == ["tls.js"]
    named = change({"a.js": CLIENT, "b.js": "fetch('http://api:8001');\n"})
    assert set(after(named)) == {"a.js", "b.js"}


def test_a_server_that_asks_nobody_gets_no_agents() -> None:
    text = "const http = require('http');\nhttp.get(options);\n" + CLIENT
    changed = change({"a.js": text}, server=True)
    assert (after(changed), reasons(changed), changed.new) == ({}, [], ())


def test_a_browsers_file_is_named_with_its_evidence() -> None:
    changed = change({"package.json": package("vite", "vue"), "src/a.ts": "fetch('http://api:8001');\n"}, asks=True)
    assert [result.browser for result in changed.results] == ["package.json:3 vite"]
    assert changed.new == ()


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"app/api/route.ts": "fetch('http://api');\n", "app/a.tsx": ""}, "tls.ts"),
        ({"app/api/route.js": "fetch('http://api');\n", "app/a.jsx": ""}, "tls.mjs"),
        ({"app/api/route.js": "fetch('http://api');\n", "server.js": "require('http');\n"}, "tls.js"),
    ],
)
def test_the_kind_of_the_helper(files: dict[str, str], name: str) -> None:
    changed = change({"package.json": package("next"), **files}, asks=True)
    assert [new.path for new in changed.new] == [ROOT / name]


QUOTES = st.sampled_from(["'", '"', "`"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="'\"`\\\n\r${}<>"), max_size=12)


@given(
    QUOTES,
    st.lists(st.tuples(TEXTS, st.sampled_from(["http://api:1", "ws://ai", "http://ai"])), min_size=1, max_size=4),
    TEXTS,
)
def test_what_is_split_is_the_same_text(quote: str, parts: list[tuple[str, str]], end: str) -> None:
    body = "".join(f"{text} {url}" for text, url in parts) + f" {end}"
    literal = f"{quote}{body}{quote}"
    found = [url for url in urls.find(literal) if url.host in SERVERS]
    if not found:
        return
    text = splice(literal, switched(literal, found, "helper", "tls"))
    for piece in ("tls.url(", f"{quote}) + ", f"{quote} + ", "${", "')}", ")", "(", quote, "'"):
        text = text.replace(piece, "")
    plain = literal
    for piece in ("(", ")", quote, "'"):
        plain = plain.replace(piece, "")
    assert text == plain
