from __future__ import annotations

from pathlib import Path, PurePosixPath
from unittest.mock import ANY

import pytest

from aicos_tls.compose.load import load
from aicos_tls.files import TextFile, read
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.start import Start, start_of

PACKAGE = """{
  "scripts": {
    "start": "node server.js",
    "dev": "NODE_ENV=dev nodemon -w . index.js",
    "bad": "cat <<E",
    "n": 1, "two": "tsc && node dist/main.js"
  }
}
"""
ENTRY = '#!/bin/sh\nset -e\npython migrate.py\nexport A=b\nexec "$@"\n'
RUN = "#!/usr/bin/env bash\n# runs\ncd /app\nexec uvicorn main:app \\\n  --port 80\n"


def start(tmp_path: Path, compose: str, dockerfile: str = "", **files: str) -> Start | None:
    path = tmp_path / "docker-compose.yml"
    path.write_text("services:\n  api:\n    build: .\n" + "".join(f"    {line}\n" for line in compose.splitlines()))
    stage = parse(TextFile(Path("Dockerfile"), dockerfile.encode())) if dockerfile else None
    texts = {PurePosixPath(name): TextFile(Path(name), text.encode()) for name, text in files.items()}
    return start_of(load([path]).services["api"], stage, texts)


FILES = {
    "package.json": PACKAGE,
    "web/package.json": '{"scripts": {"start": "vite"}}',
    "empty/package.json": "{}",
    "broken/package.json": "{",
    "list/package.json": "[]",
    "entry.sh": ENTRY,
    "run": RUN,
    "loop.sh": "exec ./loop.sh",
    "tool": "#!/usr/bin/env python3\nprint()\n",
    "nothing.sh": "#!/bin/sh\nset -e\n",
    "plain.sh": "uvicorn a:b\n",
}

CASES = {
    "exec form": ("", 'CMD ["node", "server.js"]', "node server.js"),
    "shell form": ("", "CMD node server.js", "node server.js"),
    "shell form with exec": ("", "CMD exec node server.js --port $PORT", "node server.js --port $PORT"),
    "another shell": ("", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nCMD a && b', "b"),
    "entrypoint and command": ("", 'ENTRYPOINT ["gunicorn"]\nCMD ["-b", "x"]', "gunicorn -b x"),
    "shell entrypoint takes no command": ("", 'ENTRYPOINT gunicorn a\nCMD ["-b", "x"]', "gunicorn a"),
    "init": ("", 'ENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["node", "a"]', "node a"),
    "init with options": ("", 'ENTRYPOINT ["dumb-init", "-v", "--"]\nCMD ["npm", "start"]', "node server.js"),
    "command over CMD": ("command: node other.js", 'CMD ["node", "server.js"]', "node other.js"),
    "command keeps ENTRYPOINT": ("command: [b]", 'ENTRYPOINT ["a"]\nCMD ["c"]', "a b"),
    "entrypoint drops CMD": ("entrypoint: a", 'ENTRYPOINT ["b"]\nCMD ["c"]', "a"),
    "entrypoint and command over all": ("entrypoint: [a]\ncommand: b c", 'ENTRYPOINT ["d"]\nCMD ["e"]', "a b c"),
    "empty command drops CMD": ("command: []", 'ENTRYPOINT ["a"]\nCMD ["c"]', "a"),
    "empty entrypoint": ('entrypoint: ""\ncommand: b', 'ENTRYPOINT ["a"]', "b"),
    "null keeps the image's": ("command:\nentrypoint:", "CMD a", "a"),
    "a mapping is nothing": ("command: {a: b}", "CMD a", "a"),
    "text is split, no shell": ("command: \"a 'b c' && d\"", "", "a b c && d"),
    "text that cannot be split": ('command: "a b"', "", "a b"),
    "open quote": ("command: a 'b", "", "a 'b"),
    "interpolated": ("command: uvicorn --port ${PORT:-80} $$HOME", "", "uvicorn --port 80 $HOME"),
    "not known": ("command: uvicorn --port ${PORT:?} $$HOME", "", "uvicorn --port ${PORT:?} $HOME"),
    "nothing is started": ("command: []", "", None),
    "nothing said": ("", "RUN x", None),
    "the base image's": ("", "FROM nginx:alpine", "nginx -g daemon off;"),
    "the base image's, unprivileged": ("", "FROM nginxinc/nginx-unprivileged@sha256:0", "nginx -g daemon off;"),
    "sh -c in compose": ('command: ["sh", "-c", "python m.py && exec uvicorn main:app"]', "", "uvicorn main:app"),
    "bash -lc": ('command: bash -lc "uvicorn a:b"', "", "uvicorn a:b"),
    "sh -c without a text": ("command: sh -c", "", "sh -c"),
    "a shell alone": ("command: bash --login", "", "bash --login"),
    "unreadable shell": ('command: ["sh", "-c", "cat <<E"]', "", "sh -c cat <<E"),
    "only builtins": ('command: ["sh", "-c", "cd x; wait"]', "", "sh -c cd x; wait"),
    "assignments": ('command: ["sh", "-c", "A=1 B=$$X uvicorn a:b"]', "", "uvicorn a:b"),
    "env": ("command: env A=1 node x", "", "node x"),
    "env with options": ("command: env -u B node x", "", "node x"),
    "env alone": ("command: env A=1", "", "env A=1"),
    "python -m": ("command: python3.11 -u -m uvicorn main:app", "", "uvicorn main:app"),
    "python -m of one's own": ("command: python -m app.main", "", "python -m app.main"),
    "python -m of nothing": ("command: python -m", "", "python -m"),
    "python": ("command: python main.py", "", "python main.py"),
    "poetry": ("command: poetry run uvicorn main:app", "", "uvicorn main:app"),
    "uv": ("command: uv run --no-dev python -m hypercorn a:b", "", "hypercorn a:b"),
    "npm start": ("command: npm start", "", "node server.js"),
    "npm run": ("command: npm run dev -- --x", "", "nodemon -w . index.js --x"),
    "npm options": ("command: npm --silent run two", "", "node dist/main.js"),
    "npm prefix": ("command: npm --prefix /srv/web start", "", "vite"),
    "npm start without a script": ("command: npm --prefix empty start", "", "node server.js"),
    "npm prefix of nothing": ("command: npm --prefix", "", "npm --prefix"),
    "npm no package": ("command: npm --prefix nowhere start", "", "npm --prefix nowhere start"),
    "npm broken package": ("command: npm --prefix broken start", "", "npm --prefix broken start"),
    "npm package that is a list": ("command: npm --prefix list start", "", "npm --prefix list start"),
    "npm script that is no text": ("command: npm run n", "", "npm run n"),
    "npm script that is unreadable": ("command: npm run bad", "", "npm run bad"),
    "npm script that is not there": ("command: npm run nope", "", "npm run nope"),
    "npm install": ("command: npm ci", "", "npm ci"),
    "yarn": ("command: yarn dev", "", "nodemon -w . index.js"),
    "pnpm run": ("command: pnpm run start", "", "node server.js"),
    "pnpm exec": ("command: pnpm exec next start", "", "next start"),
    "npx": ("command: npx next start", "", "next start"),
    "npx with options": ("command: npx --yes next", "", "npx --yes next"),
    "cross-env": ("command: npx cross-env A=1 node x", "", "node x"),
    "entry script": ("", 'ENTRYPOINT ["/entry.sh"]\nCMD ["uvicorn", "a:b"]', "uvicorn a:b"),
    "entry script by a shell": ("command: sh -e ./entry.sh node x", "", "node x"),
    "entry script without words": ("command: /entry.sh", "", "/entry.sh"),
    "script with env": ("command: ./run", "", "uvicorn main:app --port 80"),
    "script without first line": ("command: ./plain.sh", "", "uvicorn a:b"),
    "script of another language": ("command: ./tool", "", "./tool"),
    "script of builtins": ("command: ./nothing.sh", "", "./nothing.sh"),
    "script that calls itself": ("command: ./loop.sh", "", "./loop.sh"),
    "script that is not there": ("command: ./x.sh a", "", "./x.sh a"),
    "an official image's script": ("command: docker-entrypoint.sh node x", "", "node x"),
    "an official image's script alone": ("command: docker-entrypoint.sh", "", "docker-entrypoint.sh"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_final_words(tmp_path: Path, case: str) -> None:
    compose, dockerfile, expected = CASES[case]
    text = dockerfile if dockerfile.startswith("FROM") or not dockerfile else f"FROM a\n{dockerfile}\n"
    found = start(tmp_path, compose, text, **FILES)
    assert (" ".join(found.words) if found else None) == expected


@pytest.mark.parametrize(
    ("compose", "dockerfile", "place", "via"),
    [
        ("command: npm start", "", "package.json:3", ("npm: script 'start'",)),
        ("command: ./run", "", "run:4", ("run", "exec")),
        ("", "FROM a\n\nCMD exec a\n", "Dockerfile:3", ("sh -c", "exec")),
        ("command: a", "FROM a\nCMD b", "docker-compose.yml:4", ()),
        ("", "FROM nginx\nRUN x", "Dockerfile:1", ("the image nginx",)),
    ],
)
def test_where_the_words_stand(tmp_path: Path, compose: str, dockerfile: str, place: str, via: tuple[str, ...]) -> None:
    found = start(tmp_path, compose, dockerfile, **FILES)
    assert found is not None
    assert f"{found.where.path.name}:{found.where.line}" == place
    assert found.via == via


def test_variables_of_the_command(tmp_path: Path) -> None:
    found = start(tmp_path, 'command: ["sh", "-c", "A=1 B=$$X env C=3 uvicorn a:b"]')
    assert found is not None
    assert found.environment == (("A", "1"), ("B", "$X"), ("C", "3"))
    assert found.program == "uvicorn"


def test_it_reads_as_a_command(tmp_path: Path) -> None:
    assert str(start(tmp_path, "command: node a")) == f"node a ({tmp_path}/docker-compose.yml:4:14)"


def test_the_services_of_aicos() -> None:
    project = load([Path("fixtures/aicos/docker-compose.yml")])
    folders = {"aicos-backend": "backend", "aicos-nl-parser": "services/nl-parser", "aicos-frontend": "frontend"}
    found = {}
    for name, folder in folders.items():
        stage = parse(read(Path("fixtures/aicos") / folder / "Dockerfile"))
        found[name] = start_of(project.services[name], stage, {})
    assert {name: item.words for name, item in found.items() if item} == {
        "aicos-backend": ("node", "server.js"),
        "aicos-nl-parser": ("uvicorn", "main:app", "--host", ANY, "--port", "8003", "--workers", "2"),
        "aicos-frontend": ("nginx", "-g", "daemon off;"),
    }
