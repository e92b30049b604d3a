"""A project with one of everything that a report can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project

COMPOSE = """\
services:
  api:
    build: .
    ports: ["8001:8001"]
    healthcheck:
      test: ["CMD", "curl", "-f", "http://bob:hunter2@localhost:8001/health"]
  web:
    build: ./web
    environment:
      - API_URL=http://bob:hunter2@api:8001
      - OTHER=http://bob:hunter2@example.org/
      - DB_PAGE=http://bob:hunter2@db:8080
    healthcheck:
      test: ["CMD", "myprobe", "http://bob:hunter2@localhost:80"]
  db:
    image: postgres:16
"""


@pytest.fixture
def mixed(project: Project) -> Path:
    """Two servers, a URL that changes and two that stay, a healthcheck to be changed by hand, a service out of scope.

    Every URL has the password `hunter2`.
    """
    return project(COMPOSE)
