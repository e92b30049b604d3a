from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.errors import TlsError
from aicos_tls.plan.policy import Policy, resolve

if TYPE_CHECKING:
    from support import Project

ONE = "services:\n  web: {build: .}\n  api: {build: .}\n"


def policy(**flags: object) -> Policy:
    return resolve(load([Path("docker-compose.yml")]), flags)


def test_flags_over_compose_over_toml_over_defaults(project: Project) -> None:
    project(
        {
            "docker-compose.yml": ONE + "x-aicos-tls: {key-type: p384, days: 30, all: true, only: [web]}\n",
            "aicos-tls.toml": 'key-type = "p256"\ncerts_dir = "./pki"\nexclude = "api"\n',
        }
    )
    assert policy(days=7) == Policy(
        certs_dir="./pki", key_type="p384", days=7, all=True, only=("web",), exclude=("api",)
    )


@pytest.mark.parametrize(
    ("compose", "toml", "flags", "message"),
    [
        ("x-aicos-tls: {colour: red}\n", "", {}, "unknown setting 'colour'"),
        ("x-aicos-tls: [a]\n", "", {}, "not a mapping"),
        ("x-aicos-tls: {days: soon}\n", "", {}, "takes a whole number"),
        ("x-aicos-tls: {days: '30'}\n", "", {}, "takes a whole number"),
        ("x-aicos-tls: {all: 1}\n", "", {}, "takes true or false"),
        ("x-aicos-tls: {strip-prefix: true}\n", "", {}, "takes a text"),
        ("", "only = 3\n", {}, "takes a list of service names"),
        ("", "days = \n", {}, "not valid TOML"),
        ("", "other = 1\n", {}, "unknown setting 'other'"),
        ("", "", {"days": 0}, "between 1 and"),
        ("", "", {"key_type": "dsa"}, "unknown key type"),
        ("", "", {"mount_path": "certs"}, "no absolute path"),
        ("", "", {"certs_dir": " "}, "cannot be mounted"),
        ("", "", {"only": ("wbe",)}, "no service 'wbe'"),
    ],
)
def test_settings_that_make_no_sense(
    compose: str, toml: str, flags: dict[str, object], message: str, project: Project
) -> None:
    project({"docker-compose.yml": ONE + compose, "aicos-tls.toml": toml})
    with pytest.raises(TlsError, match=message):
        policy(**flags)
