"""What a service uses of `.env`, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.compose.load import load
from aicos_tls.compose.settings import settings
from aicos_tls.compose.sites import sites
from aicos_tls.compose.uses import uses

if TYPE_CHECKING:
    from support import Project as MakeProject


def test_uses_by_name(project: MakeProject) -> None:
    text = """services:
  a:
    image: ${IMAGE}
    build: {context: '${CONTEXT}', args: ['ARG=${ONE}', TWO]}
    environment: {VITE_X: '${ONE}', X: '${CHAIN}', Y: plain, PASSED: }
    ports: ['${PORT}:80', {target: 80, published: '${PORT}'}]
    labels: {x: '${UNKNOWN}'}
  b: {image: x, env_file: .env}
  c: {image: x}
configs:
  one: {content: '${CONTENT}'}
  two: {environment: SECRET}
  three: {file: ./x}
  four: {environment: }
secrets:
"""
    dotenv = """IMAGE=i
CONTEXT=.
ONE=1
TWO=2
CHAIN=${ONE}-${LITERAL}-${GONE}
LITERAL='${TWO}'
PASSED=p
PORT=1
CONTENT=c
SECRET=s
"""
    project({"docker-compose.yml": text, ".env": dotenv})
    found = load([Path("docker-compose.yml")])
    assert found.dotenv is not None
    known = uses(found, found.dotenv)
    assert known["a"] == {
        "IMAGE": {""},
        "CONTEXT": {""},
        "ONE": {"ARG", "VITE_X", "X"},
        "TWO": {"TWO"},
        "CHAIN": {"X"},
        "LITERAL": {"X"},
        "PASSED": {"PASSED"},
        "PORT": {""},
    }
    assert known["b"] == {
        key: {key} | ({"CHAIN"} if key in ("ONE", "LITERAL") else set()) for key in found.dotenv.bindings
    }
    assert known["c"] == {}
    assert known[None] == {"CONTENT": {""}, "SECRET": {""}}


def test_a_build_that_is_a_text(project: MakeProject) -> None:
    project({"docker-compose.yml": "services: {a: {build: '${D}'}}\n", ".env": "D=.\n"})
    found = load([Path("docker-compose.yml")])
    assert found.dotenv is not None
    assert uses(found, found.dotenv)["a"] in ({}, {"D": {""}})


def test_sites_name_their_place(project: MakeProject) -> None:
    text = """x-a: http://x
x-aicos-tls: {days: 1}
services:
  a:
    image: http://not-looked-at
    environment: [U=http://a, 'http://b', 'x y=http://c', [http://d]]
    build: {args: {V: http://e}, labels: [http://f], context: http://no}
    volumes: [{type: bind, content: http://g}, ./x:/x]
    deploy: {labels: {l: http://h}, mode: http://no}
    x-aicos-tls: {u: http://no}
configs: {c: {content: http://i}, d: {file: http://no}}
"""
    project({"docker-compose.yml": text})
    found = {site.name: (site.variable, site.text) for site in sites(load([Path("docker-compose.yml")]))}
    assert found == {
        "services.a.environment.U": ("U", "http://a"),
        "services.a.environment.3.0": ("0", "http://d"),
        "services.a.build.args.V": ("V", "http://e"),
        "services.a.build.labels.0": ("0", "http://f"),
        "services.a.volumes.content": ("content", "http://g"),
        "services.a.deploy.labels.l": ("l", "http://h"),
        "x-a": ("", "http://x"),
        "configs.c.content": ("", "http://i"),
    }


def test_settings_know_every_place(project: MakeProject) -> None:
    text = """services:
  a:
    image: x
    env_file: a.env
    environment:
      A_HOST: one
      B_HOST: ${B:-two}
      C_HOST: ${C}
      D_HOST:
      E_HOST: ${B}${C}
      F_HOST: ${NOWHERE}
      G_HOST:
      OTHER: x
"""
    env = "A_HOST=file\nG_HOST=file\nH_HOST=${C}\nIGNORED=1\n"
    project({"docker-compose.yml": text, "a.env": env, ".env": "B=b\nC=c\nD_HOST=d\n"})
    service = load([Path("docker-compose.yml")]).services["a"]
    found = {k: (s.value, [p.whole for p in s.places]) for k, s in settings(service, ("HOST",)).items()}
    assert found == {
        "A_HOST": ("one", ["one"]),
        "B_HOST": ("b", ["${B:-two}", "b"]),
        "C_HOST": ("c", ["c"]),
        "D_HOST": ("d", ["d"]),
        "E_HOST": ("bc", []),
        "F_HOST": ("${NOWHERE}", []),
        "H_HOST": ("c", ["${C}"]),
    }
