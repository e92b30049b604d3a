"""Front-end stacks: by which package one is known, and which of its files run where. Data, one entry each.

Patterns are regular expressions over the path in the package. `node`: what runs in Node and nowhere else. `tool`:
configuration that a development server reads when it starts. `built`: configuration that is evaluated when the image
is built. `browser`: what is bundled for browsers. What nothing says of a stack with `renders`, which renders on the
server as well, is undecided. Sources: documentation of each stack (Next.js "File-system conventions", Nuxt "Directory
structure", SvelteKit "Project structure" and "Server-only modules", Remix "Module constraints", Vite "Building for
production", Create React App "Folder structure" and "Proxying API requests", Angular "Workspace configuration").
"""

from __future__ import annotations

from msgspec import Struct

_S = r"\.[cm]?[jt]sx?$"
_SOURCES = r"^(?:src|app|client|public|frontend)/"


class Stack(Struct, frozen=True):
    """A front-end stack; `packages` are the names of which any one means it.

    With `needs_page` it is one only beside a library for pages, or with an HTML file: programs for Node are tested and
    bundled by Vite as well. `edge` is what runs neither in browsers nor in Node.
    """

    packages: tuple[str, ...]
    node: str = r"(?!)"
    tool: str = r"(?!)"
    built: str = r"(?!)"
    browser: str = _SOURCES
    renders: bool = False
    edge: str = r"(?!)"
    needs_page: bool = False


_NEXT_NODE = (
    rf"^(?:src/)?app/(?:.*/)?(?:route|page|layout|default|loading|not-found|sitemap|robots|manifest){_S}"
    rf"|^(?:src/)?pages/api/"
)

STACKS = (
    Stack(
        ("next",),
        _NEXT_NODE,
        built=rf"^next\.config{_S}",
        browser=r"^(?:src/)?(?:pages|components)/",
        renders=True,
        edge=rf"^(?:src/)?middleware{_S}",
    ),
    Stack(
        ("nuxt", "nuxt3", "nuxt-edge"),
        r"^server/",
        built=rf"^nuxt\.config{_S}",
        browser=r"^(?:app/)?(?:components|composables|layouts|middleware|pages|plugins|stores)/",
        renders=True,
    ),
    Stack(
        ("@sveltejs/kit",),
        rf"(?:^|/)\+server{_S}|\.server{_S}|^src/lib/server/",
        tool=rf"^vite\.config{_S}",
        built=rf"^svelte\.config{_S}",
        browser=r"(?!)",
        renders=True,
    ),
    Stack(
        ("@remix-run/react", "@react-router/dev", "@remix-run/dev"),
        rf"\.server{_S}|(?:^|/)\.server/|^server{_S}",
        tool=rf"^vite\.config{_S}",
        built=rf"^(?:remix|react-router)\.config{_S}",
        browser=r"(?!)",
        renders=True,
    ),
    Stack(
        ("astro",),
        rf"^src/pages/.*(?<!\.astro){_S}",
        built=rf"^astro\.config{_S}",
        browser=r"(?!)",
        renders=True,
    ),
    Stack(("gatsby",), r"^src/api/", built=rf"^gatsby-(?:config|node){_S}", renders=True),
    Stack(("@angular/core", "@angular/cli"), rf"^(?:src/)?server{_S}", tool=r"(?:^|/)proxy\.conf\.[cm]?js$"),
    Stack(("react-scripts",), tool=rf"^src/setupProxy\.js$|^(?:craco|config-overrides)(?:\.config)?{_S}"),
    Stack(("@vue/cli-service",), tool=rf"^vue\.config{_S}"),
    Stack(("expo", "react-native"), browser=r""),
    Stack(("vite",), tool=rf"(?:^|/)vite\.config(?:\.\w+)?{_S}", needs_page=True),
    Stack(
        ("webpack-dev-server", "html-webpack-plugin", "@rspack/dev-server"),
        tool=r"(?:^|/)(?:webpack|rspack)[\w./-]*\.[cm]?[jt]s$",
    ),
    Stack(("parcel", "parcel-bundler", "snowpack", "@rsbuild/core"), tool=rf"^rsbuild\.config{_S}"),
)
"""In the order in which they are looked for: SvelteKit and Remix list Vite, too."""

PAGES = frozenset(
    {
        "react",
        "react-dom",
        "vue",
        "svelte",
        "preact",
        "solid-js",
        "lit",
        "alpinejs",
        "jquery",
        "three",
        "@builder.io/qwik",
    }
)
"""Libraries for pages: what Vite bundles beside one of these is a front end."""

NODE_MODULES = frozenset(
    {"child_process", "cluster", "dgram", "dns", "fs", "fs/promises", "http", "http2", "https", "module", "net", "os"}
    | {"perf_hooks", "readline", "tls", "vm", "worker_threads"}
)
"""Modules of Node that no bundler replaces for browsers (those that are replaced: path, url, util, crypto, …)."""

NODE_PACKAGES = frozenset(
    {"express", "koa", "fastify", "connect", "restify", "polka", "@hapi/hapi", "@nestjs/core", "@nestjs/common"}
    | {"@hono/node-server", "ws", "socket.io", "http-proxy", "http-proxy-middleware", "server-only", "react-dom/server"}
    | {"pg", "mysql2", "mongoose", "mongodb", "redis", "ioredis", "bullmq", "amqplib", "kafkajs", "nodemailer"}
    | {"dotenv", "jsonwebtoken", "bcrypt", "multer", "body-parser", "cors", "helmet", "winston", "puppeteer"}
)
"""Packages that work in Node only."""

BROWSER_PACKAGES = frozenset(
    {"react-dom", "react-dom/client", "react-native", "vue", "svelte", "@angular/core", "@angular/platform-browser"}
    | {"next/router", "next/navigation", "next/link", "preact", "solid-js/web", "jquery"}
)
"""Packages that nobody imports into a server that renders no pages."""
