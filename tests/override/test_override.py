"""The override file: what it holds, what it cannot say, and that compose merges it to the model of the patched file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.commands.project import Prepared, prepare
from aicos_tls.compose.interpolation import expand
from aicos_tls.compose.model import ComposeFile
from aicos_tls.errors import InternalError, TlsError
from aicos_tls.files import TextFile
from aicos_tls.override import build
from aicos_tls.override.text import text
from aicos_tls.override.variables import substitute
from aicos_tls.proof.declared import Declared
from aicos_tls.proof.plain import Reader
from aicos_tls.proof.second_opinion import Version, compare, resolved
from aicos_tls.yamledit.parse import parse

if TYPE_CHECKING:
    from support import Project

    from aicos_tls.proof.plain import Plain

MAIN = Path("docker-compose.yml")
API = "services:\n  api:\n    build: .\n    ports: ['8001:8001']\n"
LISTS = """\
    healthcheck: {test: 'curl -f http://localhost:8001/', retries: 3}
  web:
    build: {context: ., args: ['U=http://api:8001', B=1]}
    environment: ['U=http://api:8001', "Q=\\"it's\\" $$5 http://api:8001 # no", KEEP]
    labels: ['u=http://api:8001', b=1]
    command: ['serve', 'http://api:8001', '--flag']
    entrypoint: sh -c 'curl http://api:8001'
    volumes: [data:/data]
volumes: {data: }
"""
MAPPINGS = """\
  web:
    build: {context: ., args: {U: 'http://api:8001'}, labels: {u: 'http://api:8001'}}
    environment: {U: 'http://api:8001', N: 1, T: true, V: '${X:-http://api:8001}', TLS_ENABLED: off}
    deploy: {labels: {u: 'http://api:8001'}}
    annotations: {u: 'http://api:8001'}
configs:
  a: {content: 'http://api:8001'}
  b:
    content: |
      proxy_pass http://api:8001;

      end $$x
  c: {content: "\\thttp://api:8001\\n"}
  d: {file: ./d}
"""
ANCHORS_HEAD = """\
x-env: &env
  - U=http://api:8001
x-web: &web
  build: .
  healthcheck: &h {test: [CMD, curl, -f, 'http://localhost:80/']}
"""
ANCHORS = """\
    environment: *env
    healthcheck: *h
  web:
    <<: *web
    environment: *env
  more:
    extends: {service: web}
    environment: [A=1]
"""
ENV_FILES = """\
  web:
    build: .
    env_file: [web.env, late.env]
    environment: ['U=${URL}', URL, 'N=${NONE:-${URL}}/x', 'P=1$${URL}']
    command: ask ${URL}
  other:
    build: .
    env_file: .env
  last:
    image: '${IMAGE}'
    command: [a, '${URL:?no}']
configs: {a: {content: '${URL}'}}
"""
WEB_ENV = "SPACES=http://api:8001   # a comment\nFILE='http://api:8001/$x'\nHIDDEN=http://api:8001\nOVER=http://api:8001\nU=http://api:8001\nSAME=1\n"
FORMS: dict[str, dict[str, str | bytes] | str] = {
    "lists": API + LISTS,
    "mappings": API + MAPPINGS,
    "anchors": ANCHORS_HEAD + API + ANCHORS,
    "files": {
        "docker-compose.yml": "include: [sub/more.yml]\n" + API + "    extends: {file: base/base.yml, service: b}\n",
        "docker-compose.override.yml": (
            "services:\n  api:\n    environment: {O: http://more:1}\n    volumes: !override ['./o:/o']\n"
            "  more:\n    environment: !override ['U=http://api:8001']\n    volumes: ['./late:/late']\n"
        ),
        "sub/more.yml": (
            "services:\n  more:\n    build: .\n    environment: {U: http://api:8001}\n    volumes: ['./m:/m']\n"
        ),
        "base/base.yml": "services:\n  b:\n    environment: {B: http://more:1}\n    command: ask http://more:1\n",
    },
    "env files": {
        "docker-compose.yml": API + ENV_FILES,
        ".env": "URL=http://api:8001\nIMAGE=x\n",
        "web.env": WEB_ENV,
        "late.env": "HIDDEN=1\n",
    },
}


def both() -> tuple[Prepared, Prepared]:
    """The plan for the files, and the one for an override."""
    flags: dict[str, object] = {"all": True}
    return prepare([MAIN], flags, {}), prepare([MAIN], flags | {"override": True}, {})


def same_to_compose(compose: Path, in_place: Prepared, override: Prepared, *, interpolate: bool) -> None:
    one = Version(in_place.compose_files, {t.path: t.after for t in in_place.targets})
    other = Version(override.compose_files, {t.path: t.after for t in override.targets})
    models = [resolved([str(compose)], Path(), version, interpolate=interpolate) for version in (one, other)]
    for model, said in models:
        assert model is not None, said
        for key in [key for key in model if key.startswith("x-")]:
            del model[key]
        for service in model["services"].values():
            service.get("volumes", []).sort(key=lambda volume: volume["target"])
    compare(models[0][0] or {}, models[1][0] or {}, Declared([]))


@pytest.mark.parametrize("form", FORMS)
def test_compose_merges_it_to_the_model_of_the_patched_files(form: str, project: Project, compose: Path) -> None:
    directory = project(FORMS[form])
    in_place, override = both()
    assert in_place.plan.changes
    assert [file.path.name for file in override.plan.files] == ["docker-compose.tls.yml"]
    assert (
        override.plan.changes + [c for c in in_place.plan.changes if c.path.startswith("x-")] == in_place.plan.changes
    )
    for interpolate in (True,) if form == "env files" else (True, False):
        same_to_compose(compose, in_place, override, interpolate=interpolate)
    assert not (directory / "docker-compose.tls.yml").exists()


def test_the_file_as_a_person_sees_it(project: Project) -> None:
    project(API + "  web:\n    build: .\n    environment: [U=http://api:8001]\n    command: [ask, 'http://api:8001']\n")
    _, override = both()
    assert (
        override.plan.files[0].after.decode()
        == """\
# TLS between the containers, to be merged over the compose files, which stay as they are:
#   docker compose -f docker-compose.yml -f docker-compose.tls.yml up -d
# or once for all, in .env or the environment: COMPOSE_FILE=docker-compose.yml:docker-compose.tls.yml
# Written by aicos-tls; `aicos-tls enable --override` writes it anew, `aicos-tls rollback` removes it.
services:
  api:
    volumes:
      - ./certs:/app/certs:ro
    environment:
      TLS_ENABLED: "true"
      TLS_CERT_PATH: /app/certs
      NODE_TLS_REJECT_UNAUTHORIZED: "0"
  web:
    environment:
      U: https://api:8001
      TLS_ENABLED: "true"
      TLS_CERT_PATH: /app/certs
      NODE_TLS_REJECT_UNAUTHORIZED: "0"
    command: ["ask", "https://api:8001"]
    volumes:
      - ./certs:/app/certs:ro
"""
    )


def declined(prepared: Prepared) -> list[tuple[str, bool]]:
    return [(each.paste, each.safe) for each in prepared.plan.declined]


def test_blocks_that_no_container_reads_are_declined(project: Project) -> None:
    project(
        API + "  web:\n    build: .\n    environment: [U=http://api:8001]\n    x-note: http://api:8001\n"
        "x-top: http://api:8001 http://api:8001\n"
    )
    _, override = both()
    assert declined(override) == [
        ("services.web.x-note: https://api:8001", True), ("x-top: https://api:8001", True),
    ]  # fmt: skip
    assert b"x-" not in override.plan.files[0].after.partition(b"services:")[2]


def test_what_stands_in_a_list_that_compose_adds_up_is_declined(project: Project) -> None:
    project(
        API + "  web:\n    build: .\n    environment: [U=http://api:8001]\n    volumes:\n"
        "      - {type: bind, source: ./n, target: /n, content: 'http://api:8001'}\n"
    )
    _, override = both()
    assert declined(override) == [("services.web.volumes.content: https://api:8001", False)]
    assert override.plan.files[0].after.count(b"./certs:/app/certs:ro") == 2


def test_what_a_variable_changes_in_other_lists_is_declined(project: Project) -> None:
    web = (
        "  web: {build: ., environment: ['U=${URL}'], networks: {default: {aliases: ['${URL}']}},\n"
        "    labels: {x-a: '${URL}', none: }}\n"
    )
    project({"docker-compose.yml": API + web, ".env": "URL=http://api:8001\n"})
    _, override = both()
    assert declined(override) == [("services.web.networks.default.aliases.0: https://api:8001", False)]
    assert b"x-a: https://api:8001" in override.plan.files[0].after


@pytest.mark.parametrize(
    "value", ['"http://api:8001/$X"', '"http://api:8001\\n"', "http://api:8001/${X}", "http://me:pw@api:8001"]
)
def test_values_of_env_files_that_cannot_be_repeated_are_declined(value: str, project: Project) -> None:
    project({"docker-compose.yml": API + "  web: {build: ., env_file: w.env}\n", "w.env": f"U={value}\n"})
    _, override = both()
    url = "https://***@api:8001" if "@" in value else "https://api:8001"
    assert declined(override) == [(f"w.env.U: {url}", False)]
    assert b"pw" not in override.plan.files[0].after
    assert "repeats" not in "".join(note.text for note in override.plan.notes)


def test_a_lone_env_file_makes_an_environment(project: Project) -> None:
    project(
        {
            "docker-compose.yml": API + "  web: {image: x, env_file: w.env}\n  db: {image: y}\n",
            "w.env": "U=http://api:8001\n",
        }
    )
    plan = prepare([MAIN], {"override": True}, {}).plan
    assert b"  web:\n    environment:\n      U: https://api:8001\n" in plan.files[0].after
    assert not plan.declined
    assert "docker-compose.tls.yml repeats the values of U: look before you commit it" in [n.text for n in plan.notes]


def test_nothing_to_do_writes_no_file(project: Project) -> None:
    project("services: {db: {image: postgres}}\n")
    prepared = prepare([MAIN], {"override": True}, {})
    assert prepared.plan.files == []
    assert prepared.override is None
    assert prepared.compose_files == (MAIN,)


def test_a_file_of_that_name_is_in_the_way(project: Project) -> None:
    project({"docker-compose.yml": API, "docker-compose.tls.yml": "services: {}\n"})
    with pytest.raises(TlsError, match="in the way"):
        both()


@pytest.mark.parametrize("directory", ["/etc/certs", "../certs", "certs/tls"])
def test_where_the_certificates_are(directory: str, project: Project) -> None:
    project(
        API
        + "    volumes: [x:/y]\n  web: {build: ., volumes: ['./a:/b', {type: bind, source: ./c, target: /d}]}\n"
        + "volumes: {x: }\n"
    )
    after = prepare([MAIN], {"override": True, "certs_dir": directory}, {}).plan.files[0].after.decode()
    shown = f"./{directory}" if directory == "certs/tls" else directory
    assert after.replace('"', "").count(f"- {shown}:/app/certs:ro\n") == 2


def test_an_override_that_would_not_do_stops_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project(API)
    monkeypatch.setattr(build, "text", lambda model, names: text(model, names).replace('"true"', '"false"'))
    with pytest.raises(InternalError, match=r"TLS_ENABLED: 'false', not 'true'"):
        both()


LINES = st.text(st.sampled_from("ab :#'\"\\\n\t-{}[]&*!|>%@`$é\u2028"), max_size=12)


@given(
    st.dictionaries(LINES.filter(lambda key: key != "<<"), LINES, min_size=1, max_size=4), st.lists(LINES, min_size=1)
)
def test_every_text_is_read_back(pairs: dict[str, str], words: list[str]) -> None:
    model: dict[str, Plain] = {"a": {**pairs}, "command": [*words], "volumes": [*words]}
    file = TextFile(Path("a"), text(model, ["a", "b"]).encode())
    source = ComposeFile(file, parse(file), Path())
    assert Reader(source.resolver).value(source.stream.documents[0]) == model


def test_null_is_null() -> None:
    assert text({"a": None}, ["a"]).endswith("\na: null\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("$U/x", "n$$w/x"), ("${U}", "n$$w"), ("${U:-d}${U:?e}", "n$$wn$$w"), ("${U:+set}", "${U:+set}"),
        ("${O:-${V}}", "${O:-v}"), ("${O:-${U}}", "${O:-${U}}"), ("${O-a}$$U", "${O-a}$$U"), ("$P", "$P"),
    ],
)  # fmt: skip
def test_substitution(before: str, after: str) -> None:
    assert substitute(before, {"U": "n$w", "V": "v"}) == after


@given(st.lists(st.sampled_from(["$U", "${V}", "${O:-${V}}", "${O}", "$$U", "x", "${V:+y}", "${W:-}"])).map("".join))
def test_a_substituted_text_expands_to_the_same(source: str) -> None:
    values = {"U": "a$b", "V": "v", "W": "w"}
    rest = {"O": "", "U": "old", "V": "old", "W": "old"}
    assert expand(substitute(source, values), rest) == expand(source, rest | values)
