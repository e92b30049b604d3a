"""Settings: flags over `x-aicos-tls` over `aicos-tls.toml` over the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.plan.policy import Policy, resolve, unread_settings

if TYPE_CHECKING:
    from support import Project as MakeProject

    from aicos_tls.compose.model import Project

SERVICES = "services: {api: {build: .}, web: {build: .}}\n"


def loaded(project: MakeProject, block: str = "", toml: str = "") -> Project:
    files: dict[str, str | bytes] = {"docker-compose.yml": block + SERVICES}
    if toml:
        files["aicos-tls.toml"] = toml
    project(files)
    return load([Path("docker-compose.yml")])


def test_the_defaults_are_the_guides(project: MakeProject) -> None:
    assert resolve(loaded(project), {}) == Policy("./certs", "/app/certs", "rsa4096", 3650)


def test_flags_over_the_compose_file_over_toml(project: MakeProject) -> None:
    block = "x-aicos-tls: {days: 20, key-type: p256, exclude: [web], all: true, certs_dir: tls}\n"
    found = resolve(
        loaded(project, block, 'days = 10\nmount-path = "/t"\nonly = "api"\nstrip-prefix = "a-"\n'), {"days": 30}
    )
    assert found.as_dict() == {
        "certs_dir": "tls", "mount_path": "/t", "key_type": "p256", "days": 30, "all": True, "only": ["api"],
        "repair": False, "include": [], "exclude": ["web"], "strip_prefix": "a-", "override": False, "code": False,
        "serve": [], "sidecar_image": "", "lifetime": "", "published": "plain", "require": [], "strict": False,
    }  # fmt: skip


def test_connections_are_no_settings(project: MakeProject) -> None:
    toml = 'days = 10\n[[connection]]\nclient = "web"\nserver = "api"\nport = 8001\n'
    assert resolve(loaded(project, "", toml), {}).days == 10


@pytest.mark.parametrize(
    ("block", "toml", "flags", "message"),
    [
        ("x-aicos-tls: text\n", "", {}, "not a mapping of settings"),
        ("x-aicos-tls: {dys: 1}\n", "", {}, "unknown setting 'dys'"),
        ("x-aicos-tls: {days: many}\n", "", {}, "takes a whole number"),
        ("x-aicos-tls: {days: '10'}\n", "", {}, "takes a whole number"),
        ("x-aicos-tls: {all: 1}\n", "", {}, "takes true or false"),
        ("x-aicos-tls: {only: {a: b}}\n", "", {}, "takes a text or a list"),
        ("x-aicos-tls: {certs-dir: 3}\n", "", {}, "takes a text"),
        ("x-aicos-tls: {strip-prefix: true}\n", "", {}, "takes a text"),
        ("", "days = [\n", {}, "not valid TOML"),
        ("", f"days = {'[' * 20_000}{']' * 20_000}\n", {}, "nested too deeply"),
        ("", "dys = 1\n", {}, "unknown setting"),
        ("", "all = 'yes'\n", {}, "takes true or false"),
        ("", "only = [1]\n", {}, "takes a text or a list"),
        ("", "", {"days": True}, "takes a whole number"),
        ("", "", {"days": 0}, "not between"),
        ("", "", {"days": 36501}, "not between"),
        ("", "", {"key_type": "dsa"}, "unknown key type"),
        ("", "", {"mount_path": "certs"}, "no absolute path"),
        ("", "", {"mount_path": "/a:b"}, "no absolute path"),
        ("", "", {"certs_dir": " "}, "cannot be mounted"),
        ("", "", {"certs_dir": "a:b"}, "cannot be mounted"),
        ("", "", {"certs_dir": "~/certs"}, "somewhere else"),
        ("", "", {"certs_dir": "$HOME/certs"}, "somewhere else"),
        ("", "", {"only": ("nobody",)}, "there is no service 'nobody'"),
        ("", "", {"include": ("nobody",)}, "--include"),
        ("", "", {"exclude": ("nobody",)}, "--exclude"),
    ],
)
def test_what_makes_no_sense_is_refused(
    project: MakeProject, block: str, toml: str, flags: dict[str, object], message: str
) -> None:
    found = loaded(project, block, toml)
    with pytest.raises(TlsError, match=message) as caught:
        resolve(found, flags)
    assert caught.value.where is not None


def test_settings_of_a_service_are_named_as_not_read(project: MakeProject) -> None:
    block = "    x-aicos-tls:\n      serve: sidecar\n      colour: 1\n"
    project(f"services:\n  api:\n    build: .\n{block}  web:\n    build: .\n")
    found = list(unread_settings(load([Path("docker-compose.yml")])))
    assert [(text, service, where.line) for text, service, where in found] == [
        ("x-aicos-tls: colour is not known for a service: ignored", "api", 6),
    ]
