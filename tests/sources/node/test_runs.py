"""Where a source runs: by its package, by what it says, and by who loads it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.node.runs import Place, Runs, places


def package(*names: str, **scripts: str) -> str:
    entries = ",\n".join(f'    "{name}": "1"' for name in names)
    told = ", ".join(f'"{name}": "{command}"' for name, command in scripts.items())
    return f'{{\n  "scripts": {{{told}}},\n  "dependencies": {{\n{entries}\n  }}\n}}\n'


def found(files: dict[str, str], name: str, *start: str) -> Place:
    texts = {PurePosixPath(path): TextFile(Path("/p") / path, text.encode()) for path, text in files.items()}
    return places(texts, start)[PurePosixPath(name)]


FETCH = "export const load = () => fetch('/x');\n"
EXPRESS = "const express = require('express');\n"
STACKS = [
    ("react-scripts", "src/api.js", Runs.BROWSER),
    ("react-scripts", "src/setupProxy.js", Runs.TOOL),
    ("react-scripts", "craco.config.js", Runs.TOOL),
    ("react-scripts", "src/api.test.js", Runs.TEST),
    ("react-scripts", "cypress/support/e2e.js", Runs.TEST),
    ("vite", "src/api.ts", Runs.BROWSER),
    ("vite", "vite.config.ts", Runs.TOOL),
    ("vite", "vite.config.dev.mjs", Runs.TOOL),
    ("vite", "lib/shared.ts", Runs.BROWSER),
    ("@vue/cli-service", "vue.config.js", Runs.TOOL),
    ("@vue/cli-service", "src/store/index.js", Runs.BROWSER),
    ("@angular/core", "src/app/api.service.ts", Runs.BROWSER),
    ("@angular/core", "server.ts", Runs.NODE),
    ("@angular/core", "src/server.ts", Runs.NODE),
    ("@angular/core", "src/proxy.conf.js", Runs.TOOL),
    ("webpack-dev-server", "webpack.config.js", Runs.TOOL),
    ("webpack-dev-server", "config/webpack.dev.js", Runs.TOOL),
    ("webpack-dev-server", "src/index.js", Runs.BROWSER),
    ("parcel", "src/index.ts", Runs.BROWSER),
    ("expo", "App.tsx", Runs.BROWSER),
    ("next", "app/api/x/route.ts", Runs.NODE),
    ("next", "src/app/shop/page.tsx", Runs.NODE),
    ("next", "app/layout.js", Runs.NODE),
    ("next", "pages/api/x.ts", Runs.NODE),
    ("next", "pages/index.tsx", Runs.UNDECIDED),
    ("next", "components/List.tsx", Runs.UNDECIDED),
    ("next", "lib/api.ts", Runs.UNDECIDED),
    ("next", "middleware.ts", Runs.UNDECIDED),
    ("next", "next.config.mjs", Runs.BUILD),
    ("nuxt", "server/api/x.ts", Runs.NODE),
    ("nuxt", "server/plugins/x.ts", Runs.NODE),
    ("nuxt", "composables/useX.ts", Runs.UNDECIDED),
    ("nuxt", "plugins/x.client.ts", Runs.UNDECIDED),
    ("nuxt", "nuxt.config.ts", Runs.BUILD),
    ("@sveltejs/kit", "src/routes/x/+server.ts", Runs.NODE),
    ("@sveltejs/kit", "src/routes/x/+page.server.ts", Runs.NODE),
    ("@sveltejs/kit", "src/hooks.server.ts", Runs.NODE),
    ("@sveltejs/kit", "src/lib/server/db.js", Runs.NODE),
    ("@sveltejs/kit", "src/routes/x/+page.ts", Runs.UNDECIDED),
    ("@sveltejs/kit", "vite.config.ts", Runs.TOOL),
    ("@sveltejs/kit", "svelte.config.js", Runs.BUILD),
    ("@remix-run/react", "app/entry.server.tsx", Runs.NODE),
    ("@remix-run/react", "app/.server/db.ts", Runs.NODE),
    ("@remix-run/react", "app/routes/_index.tsx", Runs.UNDECIDED),
    ("astro", "src/pages/api/x.ts", Runs.NODE),
    ("astro", "src/components/x.ts", Runs.UNDECIDED),
    ("astro", "astro.config.mjs", Runs.BUILD),
    ("gatsby", "src/api/x.js", Runs.NODE),
    ("gatsby", "src/pages/index.js", Runs.UNDECIDED),
    ("gatsby", "gatsby-node.js", Runs.BUILD),
]


@pytest.mark.parametrize(("name", "path", "runs"), STACKS, ids=[f"{name} {path}" for name, path, _ in STACKS])
def test_by_the_package(name: str, path: str, runs: Runs) -> None:
    place = found({"package.json": package("react", name), path: FETCH, "scripts/other.js": FETCH}, path)
    assert place.runs is runs
    if runs in (Runs.BROWSER, Runs.UNDECIDED) and not path.startswith("middleware"):
        assert place.why == f"package.json:5 {name}"


SIGNS = {
    "client directive": ("a.js", "// a\n'use client';\n" + FETCH, "a.js:2 'use client'"),
    "import.meta.env": ("a.ts", "\nconst u = import.meta.env.VITE_API;\n", "a.ts:2 import.meta.env"),
    "window": ("a.js", "const t = window.location;\n", "a.js:1 window.l"),
    "document": ("a.js", "document.querySelector('a');\n", "a.js:1 document.q"),
    "styles": ("a.js", "import './a.css';\n", "a.js:1 ./a.css"),
    "react-dom": ("a.jsx", "import { createRoot } from 'react-dom/client';\n", "a.jsx:1 react-dom/client"),
    "served": ("public/a.js", FETCH, "in public/, which is served as it is"),
}


@pytest.mark.parametrize(("path", "text", "why"), SIGNS.values(), ids=SIGNS.keys())
def test_by_what_it_says(path: str, text: str, why: str) -> None:
    assert found({"package.json": package("express"), path: text}, path) == Place(Runs.BROWSER, why)


NODE = {
    "no package": {"server.js": FETCH},
    "nothing shows": {"package.json": package("express"), "server.js": FETCH},
    "a window of time": {"server.js": "const x = rate.window.size; const y = 'window.open';\n"},
    "a program that renders": {"server.js": EXPRESS + "page.evaluate(() => document.title);\n"},
    "started": {"package.json": package(start="node server.js"), "server.js": "document.write('x');\n"},
    "started by TypeScript": {"package.json": package(dev="tsx watch ./server.ts"), "server.ts": "window.x;\n"},
    "renders React": {"server.js": "import { renderToString } from 'react-dom/server';\nimport './a.css';\n"},
    "broken package": {"package.json": "{", "server.js": FETCH},
    "package of another kind": {"package.json": "[]", "server.js": FETCH},
    "types only": {"server.ts": "import type { Root } from 'react-dom/client';\n" + FETCH},
}


@pytest.mark.parametrize("files", NODE.values(), ids=NODE.keys())
def test_node_where_nothing_else_is_shown(files: dict[str, str]) -> None:
    name = next(name for name in files if name.startswith("server"))
    assert found(files, name).runs is Runs.NODE


def test_the_program_that_the_service_starts() -> None:
    files = {"tests/mock.js": FETCH, "a.js": FETCH}
    assert found(files, "tests/mock.js", "node", "tests/mock.js").runs is Runs.NODE
    assert found(files, "tests/mock.js", "node", "a.js").runs is Runs.TEST


def test_tests_that_are_all_that_a_service_runs() -> None:
    files = {"package.json": package("got"), "tests/a.spec.js": FETCH}
    assert found(files, "tests/a.spec.js").runs is Runs.NODE
    assert found({**files, "pages.js": FETCH}, "tests/a.spec.js").runs is Runs.TEST
    assert found({**files, "pages.js": FETCH}, "tests/a.spec.js", "playwright", "test").runs is Runs.NODE


def test_what_a_page_loads_is_not_nodes() -> None:
    files = {
        "index.html": "<p>\n<script type=module src='/web/main.js'></script>\n<script src=https://x.example/a.js></script>",
        "web/main.js": "import { load } from './load.js';\n",
        "web/load.ts": FETCH,
        "other.js": FETCH,
    }
    assert found(files, "web/load.ts") == Place(Runs.BROWSER, "index.html:2 <script>")
    assert found(files, "other.js").runs is Runs.NODE


def test_a_server_beside_a_front_end() -> None:
    files = {
        "package.json": package("vite", start="node server/index.js"),
        "index.html": "<script src='/src/main.js'></script>",
        "src/main.js": "import '../shared/url.js';\n",
        "src/server.js": EXPRESS,
        "shared/url.js": FETCH,
        "server/index.js": "import './orders.js';\nimport '../shared/url.js';\nimport '../src/used.js';\n",
        "server/orders.js": FETCH,
        "src/used.js": FETCH,
        "server/unused.js": FETCH,
    }
    runs = {name: found(files, name).runs for name in files if name.endswith(".js")}
    assert [name for name, each in runs.items() if each is Runs.NODE] == [
        "src/server.js",
        "server/index.js",
        "server/orders.js",
        "src/used.js",
    ]


def test_a_program_that_is_tested_by_vite_is_no_front_end() -> None:
    files = {"package.json": package("vite", "fastify"), "src/a.ts": FETCH, "vite.config.ts": FETCH}
    assert found(files, "src/a.ts").runs is Runs.NODE
    assert found(files, "vite.config.ts").runs is Runs.TOOL
    assert found({**files, "web/index.html": ""}, "src/a.ts").runs is Runs.BROWSER


def test_usual_names_of_own_sources() -> None:
    files = {
        "package.json": package("vite", "vue", start="tsx src/server/main.ts"),
        "index.html": "<script src='/src/main.ts'></script>",
        "src/main.ts": "import '@/shared/url';\n",
        "src/server/main.ts": "import '../shared/url';\nimport '~/server/orders';\nimport '@/x';\nimport 'vue';\n",
        "src/server/orders.ts": FETCH,
        "src/shared/url.ts": FETCH,
    }
    assert found(files, "src/server/orders.ts").runs is Runs.NODE
    assert found(files, "src/shared/url.ts").runs is Runs.BROWSER
    assert found({**files, "index.html": ""}, "src/server/orders.ts").runs is Runs.BROWSER


def test_signs_of_servers_in_what_renders_pages() -> None:
    base = {"package.json": package("next")}
    assert found({**base, "lib/a.ts": "'use server';\n" + FETCH}, "lib/a.ts").runs is Runs.NODE
    assert found({**base, "lib/a.ts": "import 'server-only';\n" + FETCH}, "lib/a.ts").runs is Runs.NODE
    assert found({**base, "lib/a.ts": "import { Pool } from 'pg';\n"}, "lib/a.ts").runs is Runs.NODE
    assert found({**base, "pages/a.tsx": "import fs from 'fs';\n"}, "pages/a.tsx").runs is Runs.UNDECIDED
    edge = found({**base, "app/api/route.ts": "export const runtime = 'edge';\n"}, "app/api/route.ts")
    assert edge.runs is Runs.UNDECIDED
    assert "Edge runtime" in edge.why
    assert found({**base, "app/page.tsx": "'use client';\n"}, "app/page.tsx").runs is Runs.BROWSER


def test_the_nearest_package_counts() -> None:
    files = {
        "package.json": package("express"),
        "web/package.json": package("vite", "react"),
        "web/a.js": FETCH,
        "a.js": FETCH,
    }
    assert found(files, "web/a.js").runs is Runs.BROWSER
    assert found(files, "a.js").runs is Runs.NODE


def test_what_is_no_text_is_nodes_and_stays() -> None:
    file = TextFile(Path("/p/a.js"), b"\xff")
    assert places({PurePosixPath("a.js"): file})[PurePosixPath("a.js")].runs is Runs.NODE


HARD = {
    "comments": "/* a */ " * 40_000,
    "an open comment": "/*" * 100_000,
    "types": "import type " * 40_000,
    "imports": "import " * 40_000,
    "lines": "\n" * 200_000,
    "blanks": " " * 200_000,
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD.keys())
def test_texts_that_would_take_for_ever(text: str) -> None:
    assert found({"a.js": text}, "a.js").runs is Runs.NODE
    assert found({"index.html": "<script " * 40_000, "a.js": ""}, "a.js").runs is Runs.NODE
    assert found({"package.json": package(start="node " * 40_000), "a.js": ""}, "a.js").runs is Runs.NODE
