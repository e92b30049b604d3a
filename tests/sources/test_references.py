from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aicos_tls.compose.load import load
from aicos_tls.plan.policy import resolve
from aicos_tls.planner import plan
from aicos_tls.sources.references import Verdict
from aicos_tls.sources.status import status

if TYPE_CHECKING:
    from support import PlanOf

AICOS = Path("fixtures/aicos")

BY_HAND = {
    "docker-compose.yml": {
        Verdict.COMPOSE: [86, 87, 88, 89, 91, 92, 128, 183, 227, 259, 268, 310, 378, 420],
    },
    "README.md": {Verdict.DOCUMENTATION: [55, 58]},
    "docs/SERVICES.md": {Verdict.DOCUMENTATION: [9, 10, 11, 12, 13, 14, 15, 16, 23, 24, 30]},
    "frontend/nginx.conf": {Verdict.CODE: [15]},
    "frontend/vite.config.js": {Verdict.LOOK: [8]},
    "backend/Dockerfile": {Verdict.CODE: [15]},
    "backend/server.js": {Verdict.LOOK: [62]},
    "backend/routes/ai.js": {Verdict.CODE: [6]},
    "backend/routes/briefing.js": {Verdict.CODE: [7, 13]},
    "backend/routes/context.js": {Verdict.CODE: [5]},
    "backend/routes/integrations-proxy.js": {Verdict.CODE: [8]},
    "backend/routes/parse.js": {Verdict.CODE: [5]},
    "backend/routes/patterns.js": {Verdict.CODE: [7]},
    "backend/routes/services.js": {Verdict.CODE: [8, 9, 10, 11, 12, 13]},
    "backend/routes/tasks.js": {Verdict.CODE: [6, 7]},
    "backend/routes/voice.js": {Verdict.CODE: [5]},
    "services/ai-intelligence/Dockerfile": {Verdict.CODE: [18]},
    "services/common/clients.py": {Verdict.CODE: [9]},
    "services/context-service/Dockerfile": {Verdict.CODE: [19]},
    "services/integrations/Dockerfile": {Verdict.CODE: [13]},
    "services/integrations/providers.js": {Verdict.LOOK: [8]},
    "services/nl-parser/Dockerfile": {Verdict.CODE: [18]},
    "services/pattern-recognition/Dockerfile": {Verdict.CODE: [18]},
    "services/voice-processor/Dockerfile": {Verdict.CODE: [18]},
}
"""Lines that name a server of the AICOS stack in plain text, found by grep and read one by one."""


def test_every_reference_of_aicos_is_found() -> None:
    project = load([AICOS / "docker-compose.yml"])
    found = status(plan(project, resolve(project, {})))
    by_file: dict[str, dict[Verdict, list[int]]] = {}
    for reference in found.references:
        name = reference.where.path.relative_to(AICOS).as_posix()
        by_file.setdefault(name, {}).setdefault(reference.verdict, []).append(reference.where.line)
    assert by_file == BY_HAND
    assert len(found.references) == 55
    assert sum(len(service.references) for service in found.services) == 55


COMPOSE = """# http://api:1 was the old one
services:
  api:
    build: ./api
    ports: ["18001:8001"]
    env_file: api.env
  shop:
    build: ./shop
    environment:
      - API_URL=http://user:secret@api:8001  # not http://api:2
      - VITE_API_URL=http://api:8001
      - NO=${FROM_DOTENV}
  site:
    build: ./site
"""
FILES = {
    "compose": COMPOSE,
    ".env": "FROM_DOTENV=http://api:3\n# http://api:4\n",
    "api.env": "SELF=http://api:8001\n",
    "api/Dockerfile": "FROM python:3.11\nCOPY . .\nCMD python main.py\n",
    "api/main.py": '"""See http://api:8001."""\nURL = "http://localhost:8001"\n',
    "shop/Dockerfile": "FROM node:20\nCOPY . .\nCMD node a.js\n",
    "shop/a.js": "const u = process.env.U || 'http://api:8001'; // http://api:8001\n",
    "shop/odd.js": "const { = 'http://api:8001';\n",
    "site/Dockerfile": "FROM nginx\nCOPY . .\n",
    "site/nginx.conf": (
        "upstream pool {\n server api:8001;\n}\n"
        "server {\n location / {\n  proxy_pass http://pool;\n }\n location /f {\n  fastcgi_pass api:8001;\n }\n}\n"
    ),
    "site/src/a.js": "fetch('http://api:8001')\n",
    "site/index.html": "<a href='http://api:8001'>\n",
    "site/vite.config.mjs": "proxy = 'http://localhost:18001'\n",
    "lib/x.js": "f('http://api:8001')\nconst a = import.meta.env.API || 'http://api:8001'\n",
    "tests/test_x.py": "get('http://api:8001')\n",
    "shop/.env.example": "API_URL=http://api:8001\n",
    "deploy.sh": "curl http://api:8001",
    "Jenkinsfile": "sh 'curl http://api:8001'\n",
    "notes.md": "http://api:8001\n",
}
EXPECTED = {
    ".env:1": ("compose", "http://api:3", "one service to another"),
    ".env:2": ("documentation", "http://api:4", "a comment"),
    "Jenkinsfile:1": ("look", "http://api:8001", "files such as Jenkinsfile are not changed"),
    "api.env:1": ("compose", "http://api:8001", "own address"),
    "api/main.py:1": ("documentation", "http://api:8001", "a comment"),
    "api/main.py:2": ("code", "http://localhost:8001", ""),
    "deploy.sh:1": ("look", "http://api:8001", ".sh files are not changed"),
    "docker-compose.yml:1": ("documentation", "http://api:1", "a comment"),
    "docker-compose.yml:10": ("compose", "http://api:8001", "one service to another"),
    "docker-compose.yml:10#": ("documentation", "http://api:2", "a comment"),
    "docker-compose.yml:11": ("browser", "http://api:8001", "browsers"),
    "lib/x.js:1": ("look", "http://api:8001", "no change of the code covers it"),
    "lib/x.js:2": ("browser", "http://api:8001", "browsers"),
    "notes.md:1": ("documentation", "http://api:8001", "a text for people"),
    "shop/.env.example:1": ("look", "http://api:8001", "an example"),
    "shop/a.js:1": ("code", "http://api:8001", "ask api over HTTPS"),
    "shop/a.js:1#": ("documentation", "http://api:8001", "a comment"),
    "shop/odd.js:1": ("look", "http://api:8001", "cannot be parsed"),
    "site/index.html:1": ("browser", "http://api:8001", "browsers"),
    "site/nginx.conf:2": ("code", "api:8001", "the address stays, what asks it is changed"),
    "site/nginx.conf:9": ("look", "api:8001", "nginx has no TLS for FastCGI"),
    "site/src/a.js:1": ("browser", "http://api:8001", "browsers"),
    "site/vite.config.mjs:1": ("look", "http://localhost:18001", "outside of the containers"),
    "tests/test_x.py:1": ("test", "http://api:8001", "a test"),
}


def test_what_becomes_of_each(plan_of: PlanOf) -> None:
    made = plan_of(FILES)
    found: dict[str, tuple[str, str, str]] = {}
    for reference in status(made).references:
        place = f"{reference.where.path.relative_to(made.project.directory)}:{reference.where.line}"
        place = f"{place}#" if place in found else place
        found[place] = (reference.verdict.value, reference.text, reference.why)
    assert {place: (verdict, text) for place, (verdict, text, _) in found.items()} == {
        place: (verdict, text) for place, (verdict, text, _) in EXPECTED.items()
    }
    assert not {place for place, (_, _, why) in EXPECTED.items() if why not in found[place][2]}


def test_no_reference_shows_a_password(plan_of: PlanOf) -> None:
    assert not [r for r in status(plan_of(FILES)).references if "secret" in repr(r)]


@pytest.mark.parametrize(
    ("conf", "verdict"),
    [("location / { proxy_pass http://api:8001; }", Verdict.LOOK), ("server api:8001;", Verdict.LOOK)],
)
def test_nginx_of_a_service_out_of_scope_is_for_a_person(plan_of: PlanOf, conf: str, verdict: Verdict) -> None:
    compose = """services:
  api: {build: ., healthcheck: {test: curl http://localhost:80}}
  web: {image: "nginx:1", volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf"]}
"""
    found = status(
        plan_of(
            {"compose": compose, "nginx.conf": f"upstream x {{\n{conf}\n}}", "Dockerfile": "FROM a"}, exclude=["web"]
        )
    )
    assert Counter(r.verdict for r in found.references) == {verdict: 1, Verdict.COMPOSE: 1}


def test_nginx_that_is_asked_for_is_changed(plan_of: PlanOf) -> None:
    compose = """services:
  api: {build: ., healthcheck: {test: curl http://localhost:80}}
  web: {image: "nginx:1", volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf"]}
"""
    conf = "server {\nlocation / { proxy_pass http://api; }\n}\n"
    found = status(plan_of({"compose": compose, "nginx.conf": conf, "Dockerfile": "FROM a"}, include=["web"]))
    assert [r.verdict for r in found.references if r.where.path.name == "nginx.conf"] == [Verdict.CODE]
