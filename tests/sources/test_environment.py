"""The variables of a container, as they will be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.environment import environment

if TYPE_CHECKING:
    from support import PlanOf

COMPOSE = """services:
  web:
    build: .
    env_file: web.env
    environment:
      OWN: http://api:1/x
      OUTSIDE: http://elsewhere:1
      API_PROTO: http
      API_HOST: api
      FROM_DOTENV:
      NOWHERE:
      UNKNOWN: ${NOT_THERE}
      MONEY: a$$b
      OVER: compose
  api: {build: .}
"""
DOCKERFILE = (
    b"FROM nginx\nARG HOST=api\nENV IMAGE=http://${HOST}:2 OVER=image LATE=$UNKNOWN PLAIN=x\n"
    b'ENV OWN="http://api:9" ENDS=https://api:3\n'
)


def test_values(plan_of: PlanOf) -> None:
    files = {"compose": COMPOSE, "web.env": "FILE=http://api:4\nOVER=file\nUNKNOWN=file\n", ".env": "FROM_DOTENV=d\n"}
    plan = plan_of(files)
    stage = parse(TextFile(Path("Dockerfile"), DOCKERFILE))
    found = environment(plan.project.services["web"], stage, plan, {"api"})
    assert found.values == {
        "OWN": "https://api:1/x",
        "OUTSIDE": "http://elsewhere:1",
        "API_PROTO": "https",
        "API_HOST": "api",
        "FROM_DOTENV": "d",
        "MONEY": "a$b",
        "OVER": "compose",
        "FILE": "https://api:4",
        "IMAGE": "https://api:2",
        "PLAIN": "x",
        "ENDS": "https://api:3",
    }
    assert found.to_set == {"IMAGE": "https://api:2"}


def test_without_an_image(plan_of: PlanOf) -> None:
    plan = plan_of({"compose": "services: {web: {image: nginx, environment: [A=1]}}\n"})
    assert environment(plan.project.services["web"], None, plan, ()).values == {"A": "1"}
