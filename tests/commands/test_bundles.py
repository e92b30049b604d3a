"""Variables that name trusted certificates already: theirs and the CA's are put into one file, which follows the CA."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from support import tree

from aicos_tls.pki.certificate import load

if TYPE_CHECKING:
    from pathlib import Path

    from support import Project, Run

COMPOSE = """\
services:
  mounted:
    build: ./node
    environment:
      - API_URL=http://api:8001
      - NODE_EXTRA_CA_CERTS=/etc/corporate/ca.pem
    volumes:
      - ./corporate:/etc/corporate:ro
  copied:
    build: ./copied
    environment:
      API_URL: http://api:8001
  told:
    build: ./node
    env_file: told.env
    environment:
      - API_URL=http://api:8001
    volumes:
      - ./corporate/ca.pem:/run/ca.pem:ro
  baked:
    build: ./node
    environment:
      - API_URL=http://api:8001
      - NODE_EXTRA_CA_CERTS=/etc/ssl/ours.pem
  ruby:
    build: ./ruby
    environment:
      - API_URL=http://api:8001
      - SSL_CERT_FILE=/etc/corporate/ca.pem
    volumes:
      - ./corporate:/etc/corporate:ro
  go:
    build: ./go
    environment:
      - API_URL=http://api:8001
      - SSL_CERT_DIR=/corporate
  api:
    build: ./node
    environment:
      - NODE_EXTRA_CA_CERTS=/etc/corporate/ca.pem
      - NODE_OPTIONS=--max-old-space-size=200
    volumes:
      - ./corporate:/etc/corporate:ro
"""
NODE = 'FROM node:20-alpine\nCOPY . .\nCMD ["node", "a.js"]\n'
THEIRS = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n"
FILES: dict[str, str | bytes] = {
    "docker-compose.yml": COMPOSE,
    "told.env": "NODE_EXTRA_CA_CERTS=/run/ca.pem\n",
    "corporate/ca.pem": f"# Corporate root\n{THEIRS}{KEY}",
    "node/Dockerfile": NODE,
    "node/a.js": "require('http').createServer((q, r) => r.end('a')).listen(8001);\n",
    "copied/Dockerfile": (
        'FROM node:20-alpine\nWORKDIR /app\nENV NODE_EXTRA_CA_CERTS=/app/trust/ca.pem\nCOPY . .\nCMD ["node", "a.js"]\n'
    ),
    "copied/a.js": "fetch(process.env.API_URL);\n",
    "copied/trust/ca.pem": THEIRS.replace("AAAA", "CCCC"),
    "ruby/Dockerfile": 'FROM ruby:3\nCOPY . .\nCMD ["ruby", "a.rb"]\n',
    "go/Dockerfile": 'FROM golang:1.23\nCOPY . .\nCMD ["go", "run", "."]\n',
    "go/go.mod": "module a\n",
}
OPTIONS = ("--serve", "auto", "--key-type", "p256")


@pytest.fixture
def directory(project: Project) -> Path:
    return project(FILES)


def test_theirs_and_ours_are_in_one_file(directory: Path, run: Run) -> None:
    assert run("enable", *OPTIONS).code == 0
    certs = directory / "certs"
    ca = (certs / "ca-cert.pem").read_text()
    assert (certs / "mounted-node-extra-ca-certs.pem").read_text() == THEIRS + ca
    assert (certs / "told-node-extra-ca-certs.pem").read_text() == THEIRS + ca
    assert (certs / "api-node-extra-ca-certs.pem").read_text() == THEIRS + ca
    assert (certs / "ruby-ssl-cert-file.pem").read_text() == THEIRS + ca
    assert "CCCC" in (certs / "copied-node-extra-ca-certs.pem").read_text()
    text = (directory / "docker-compose.yml").read_text()
    assert text.count("- NODE_EXTRA_CA_CERTS=/app/certs/mounted-node-extra-ca-certs.pem\n") == 1
    assert text.count("- NODE_EXTRA_CA_CERTS=/app/certs/told-node-extra-ca-certs.pem\n") == 1
    assert text.count("NODE_EXTRA_CA_CERTS: /app/certs/copied-node-extra-ca-certs.pem\n") == 1
    assert text.count("- SSL_CERT_FILE=/app/certs/ruby-ssl-cert-file.pem\n") == 1
    assert text.count("- SSL_CERT_DIR=/corporate:/app/certs\n") == 1
    assert "NODE_OPTIONS=--max-old-space-size=200 --require /app/certs/runtime/node/preload.cjs\n" in text


@pytest.mark.usefixtures("directory")
def test_what_cannot_be_read_stays_and_is_said(run: Run) -> None:
    done = run("enable", *OPTIONS, "--dry-run", "--format", "json")
    (left,) = json.loads(done.out)["declined"]
    assert (left["service"], left["line"]) == ("baked", 24)
    assert left["reason"].startswith("NODE_EXTRA_CA_CERTS names /etc/ssl/ours.pem, which lies in an image or a volume")
    assert "/app/certs/ca-cert.pem" in left["paste"]


def test_twice_is_once_and_it_comes_back(directory: Path, run: Run) -> None:
    before = tree(directory)
    assert run("enable", *OPTIONS).code == 0
    after = tree(directory)
    assert "everything is there already" in run("enable").out
    assert tree(directory) == after
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == before


@pytest.mark.parametrize("command", [("certs", "issue", "ca", "--force"), ("enable",)])
def test_a_new_authority_is_in_the_files(directory: Path, run: Run, command: tuple[str, ...]) -> None:
    assert run("enable", *OPTIONS).code == 0
    certs = directory / "certs"
    before = load((certs / "ca-cert.pem").read_bytes()).serial_number
    if command[0] == "enable":
        for path in (*certs.glob("*-cert.pem"), *certs.glob("*-key.pem")):
            path.unlink()
    assert run(*command).code == 0
    ca = (certs / "ca-cert.pem").read_text()
    assert load(ca.encode()).serial_number != before
    assert (certs / "mounted-node-extra-ca-certs.pem").read_text() == THEIRS + ca
    assert run("rollback", "--certs").code == 0
    assert not certs.exists()


def test_without_certificates_theirs_is_not_lost(directory: Path, run: Run) -> None:
    assert run("enable", *OPTIONS, "--no-certs").code == 0
    bundle = directory / "certs/mounted-node-extra-ca-certs.pem"
    assert bundle.read_text() == THEIRS
    assert run("certs", "issue").code == 0
    assert bundle.read_text() == THEIRS + (directory / "certs/ca-cert.pem").read_text()


def test_a_file_of_the_person_is_in_the_way(directory: Path, run: Run) -> None:
    (directory / "certs").mkdir()
    (directory / "certs/mounted-node-extra-ca-certs.pem").write_text("mine\n")
    done = run("enable", *OPTIONS)
    assert done.code == 2
    assert "this file is in the way" in done.err


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("corporate/ca.pem", "is no path that can be known here"),
        ("/etc/corporate/none.pem", "lies in an image or a volume"),
        ("/etc/corporate/key.pem", "holds no certificate"),
        ("/etc/corporate/big.pem", "holds no certificate"),
        ("/etc/corporate/bytes.pem", "holds no certificate"),
        ("/etc/corporate/out.pem", "lies outside of the project"),
        ("$$HOME/ca.pem", "is no path that can be known here"),
    ],
)
def test_reasons(directory: Path, run: Run, value: str, reason: str) -> None:
    corporate = directory / "corporate"
    (corporate / "key.pem").write_text(KEY)
    (corporate / "big.pem").write_text(THEIRS + "#" * 2**20)
    (corporate / "bytes.pem").write_bytes(b"\xff" + THEIRS.encode())
    (corporate / "out.pem").symlink_to("/etc/hostname")
    compose = directory / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("CERTS=/etc/corporate/ca.pem", f"CERTS={value}", 1))
    done = run("enable", *OPTIONS, "--dry-run", "--format", "json")
    left = {each["service"]: each["reason"] for each in json.loads(done.out)["declined"]}
    assert re.search(reason, left["mounted"])


def test_in_the_form_of_an_override(directory: Path, run: Run) -> None:
    before = tree(directory)
    assert run("enable", *OPTIONS, "--override").code == 0
    text = (directory / "docker-compose.tls.yml").read_text()
    assert "NODE_EXTRA_CA_CERTS: /app/certs/mounted-node-extra-ca-certs.pem" in text
    assert (directory / "certs/mounted-node-extra-ca-certs.pem").exists()
    assert run("rollback", "--certs").code == 0
    assert tree(directory) == before


@pytest.mark.usefixtures("directory")
def test_doctor_has_nothing_to_say_of_them(run: Run) -> None:
    assert run("enable", *OPTIONS).code == 0
    assert "extra-ca-certs" not in run("doctor").out
