"""A changed copy of an nginx configuration, mounted over the one in the image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from aicos_tls import planner
from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.serving.configuration import Configured, configuration
from aicos_tls.serving.model import Bind, Option, Place, Setting
from aicos_tls.sources.project import Sources

if TYPE_CHECKING:
    from support import Project

COMPOSE = """\
services:
  web: {build: ./web, environment: ["API_URL=http://api:8001"]}
  api: {build: ./api, environment: ["WEB_URL=http://web:80"]}
"""
SITE = "server {\n    listen 80;\n    location / {\n        proxy_pass http://api:8001;\n    }\n}\n"


def configured(project: Project, files: dict[str, str | bytes], *, is_server: bool = False) -> Configured:
    project({"docker-compose.yml": COMPOSE, **files})
    loaded = load([Path("docker-compose.yml")])
    service = Sources(planner.plan(loaded, resolve(loaded, {}))).services["web"]
    return configuration(service, Place("/app/certs", "web"), replace(service.context, is_server=is_server))


def found(project: Project, dockerfile: str, *, is_server: bool = True, text: str = SITE) -> Option | str:
    return configured(project, {"web/Dockerfile": dockerfile, "web/site.conf": text}, is_server=is_server).option


def test_a_server_listens_with_tls_and_asks_over_it(project: Project) -> None:
    option = found(project, "FROM nginx\nCOPY site.conf /etc/nginx/conf.d/default.conf\n")
    assert isinstance(option, Option)
    assert option.needs.mounts == (Bind("runtime/nginx/web/site.conf", "/etc/nginx/conf.d/default.conf"),)
    (file,) = option.needs.files
    assert "listen 80 ssl;" in file.text
    assert "ssl_certificate_key /app/certs/web-key.pem;" in file.text
    assert "proxy_pass https://api:8001;" in file.text
    assert option.ports == (80,)


def test_a_client_only_asks(project: Project) -> None:
    option = found(project, "FROM nginx\nCOPY . /etc/nginx/conf.d\n", is_server=False)
    assert isinstance(option, Option)
    (file,) = option.needs.files
    assert "listen 80;" in file.text
    assert "proxy_pass https://api:8001;" in file.text
    assert option.needs.mounts == (Bind("runtime/nginx/web/site.conf", "/etc/nginx/conf.d/site.conf"),)


@pytest.mark.parametrize(
    ("dockerfile", "text", "reason"),
    [
        ("FROM nginx\nCOPY site.conf $DIR/\n", SITE, "nothing says where site.conf is in the image"),
        ("FROM nginx\n", SITE, "no change of its nginx configuration is known"),
        ("FROM nginx\nCOPY site.conf /x.conf\n", "events {}\n", "no change of its nginx configuration is known"),
        (
            "FROM nginx\nCOPY site.conf /x.conf\nRUN sed -i -e 's/a/b/' /x.conf\n",
            SITE,
            "RUN in the Dockerfile writes /x.conf, which a mounted copy would not let it",
        ),
        (
            "FROM nginx\nCOPY site.conf /x.conf\nCMD sh -c 'envsubst < /t > /x.conf && nginx'\n",
            SITE,
            "CMD in the Dockerfile writes /x.conf, which a mounted copy would not let it",
        ),
    ],
)
def test_why_there_is_none(project: Project, dockerfile: str, text: str, reason: str) -> None:
    assert found(project, dockerfile, text=text) == reason


def test_a_script_that_writes_the_file_is_seen(project: Project) -> None:
    dockerfile = 'FROM nginx\nCOPY site.conf /etc/nginx/conf.d/\nCOPY start.sh /\nCMD ["sh", "/start.sh"]\n'
    script = "#!/bin/sh\necho | tee /etc/nginx/conf.d/site.conf\nnginx\n"
    files: dict[str, str | bytes] = {"web/Dockerfile": dockerfile, "web/site.conf": SITE, "web/start.sh": script}
    assert configured(project, files).option == (
        "start.sh writes /etc/nginx/conf.d/site.conf, which a mounted copy would not let it"
    )


def test_any_name_and_the_variables_of_the_image(project: Project) -> None:
    dockerfile = (
        "FROM nginx\nARG TO=api\nENV API=http://${TO}:8001 OTHER=http://api:8001 THERE=https://x.example\n"
        "COPY conf /etc/nginx/templates/default.conf.template\n"
    )
    conf = "server {\n    location /a { proxy_pass ${API}; }\n    location /b { proxy_pass $THERE; }\n}\n"
    option = configured(project, {"web/Dockerfile": dockerfile, "web/conf": conf}).option
    assert isinstance(option, Option)
    assert option.needs.settings == (Setting("API", "https://api:8001"),)
    assert option.needs.mounts == (Bind("runtime/nginx/web/conf.conf", "/etc/nginx/templates/default.conf.template"),)
    (file,) = option.needs.files
    assert "proxy_pass ${API}; proxy_ssl_trusted_certificate" in file.text
    assert "proxy_pass $THERE; }" in file.text


def test_what_is_left_is_said_whatever_else_changes(project: Project) -> None:
    conf = (
        "upstream two { server api:8001; server web:80; }\n"
        "server {\n    location /a { proxy_pass http://two; }\n    location /f { fastcgi_pass api:9000; }\n}\n"
    )
    files: dict[str, str | bytes] = {"web/Dockerfile": "FROM nginx\nCOPY c.conf /etc/nginx/\n", "web/c.conf": conf}
    found = configured(project, files)
    assert isinstance(found.option, Option)
    assert found.names == (("api", "two"), ("web", "two"))
    assert [(each.where.line, set(each.stays_plain)) for each in found.left] == [(4, {"api"})]


@pytest.mark.parametrize(
    ("listen", "serves"), [("listen ${PORT};", True), ("listen $OTHER;", False), ("listen 443 ssl;", True), ("", False)]
)
def test_a_server_that_could_not_listen_is_no_option(project: Project, listen: str, *, serves: bool) -> None:
    dockerfile = "FROM nginx\nENV PORT=80\nCOPY c.conf /etc/nginx/templates/c.template\n"
    conf = f"server {{\n    {listen}\n    location / {{ proxy_pass http://api:8001; }}\n}}\n"
    found = configured(project, {"web/Dockerfile": dockerfile, "web/c.conf": conf}, is_server=True).option
    assert isinstance(found, Option) is serves
    assert serves or "no `listen` for its port" in str(found)
