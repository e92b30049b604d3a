"""Users that Dockerfiles make, and the ids that these give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aicos_tls.compose.load import load
from aicos_tls.files import TextFile
from aicos_tls.sources.accounts import accounts
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.users import User, user_of


def user(tmp_path: Path, dockerfile: str, written: str = "init: true", args: dict[str, str] | None = None) -> User:
    (tmp_path / "docker-compose.yml").write_text(f"services:\n  api:\n    build: .\n    {written}\n")
    service = load([tmp_path / "docker-compose.yml"]).services["api"]
    stage = parse(TextFile(Path("Dockerfile"), dockerfile.encode()), args=args)
    found = user_of(service, stage.base, stage)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("lines", "uid", "gid"),
    [
        ("RUN adduser -D -u 7000 app", "7000", ""),
        ("RUN adduser -Du 7000 app", "7000", ""),
        ("RUN adduser --uid 7000 --disabled-password --gecos '' app", "7000", ""),
        ("RUN adduser --system --group --uid=7000 app", "7000", ""),
        ("RUN useradd -m -u 7000 -s /bin/sh app", "7000", ""),
        ("RUN useradd -rmu7000 app", "7000", ""),
        ("RUN useradd -r -u=7000 app", "7000", ""),
        ("RUN /usr/sbin/useradd -u 7000 app", "7000", ""),
        ("RUN addgroup -g 8000 -S people && adduser -S -u 7000 -G people app", "7000", "8000"),
        ("RUN groupadd --gid 8000 people; useradd --uid 7000 --gid people app", "7000", "8000"),
        ("RUN useradd -u 7000 -g 8000 -G wheel app", "7000", ""),
        ("RUN adduser -D app -u 7000", "7000", ""),
        ("RUN useradd app && usermod -u 7000 -g 8000 app", "7000", "8000"),
        ("RUN set -eux; \\\n    groupadd -r app --gid=8000; \\\n    useradd -r -g app --uid=7000 app", "7000", "8000"),
        ("ARG APP_ID=7000\nRUN useradd -u $APP_ID app", "7000", ""),
        ("ENV APP_ID=7000\nRUN useradd -u ${APP_ID} app", "7000", ""),
        ('RUN echo "app:x:7000:8000::/home/app:/bin/sh" >> /etc/passwd', "7000", "8000"),
        ("RUN useradd app", "", ""),
        ("RUN adduser -S app", "", ""),
        ("RUN adduser -D -u 7000 other", "", ""),
        ("RUN adduser -D -u 7000 -G app other", "", ""),
        ("RUN useradd -u $NOWHERE app", "", ""),
        ("RUN useradd 'app", "", ""),
    ],
)
def test_ids_that_a_dockerfile_gives(tmp_path: Path, lines: str, uid: str, gid: str) -> None:
    found = user(tmp_path, f"FROM alpine\n{lines}\nUSER app\n")
    assert (found.name, found.uid) == ("app", uid)
    assert not gid or found.gid == gid


@pytest.mark.parametrize(
    ("base", "lines", "uid"),
    [
        ("gcr.io/distroless/static", "", "65532"),
        ("alpine", "", ""),
        ("alpine", "RUN adduser -D nonroot\n", ""),
        ("alpine", "RUN addgroup -g 1001 nonroot && adduser -u 1001 -G nonroot -D nonroot\n", "1001"),
        ("alpine", "RUN addgroup --system --gid 1001 nonroot\nRUN adduser --system --uid 1001 nonroot\n", "1001"),
    ],
)
def test_a_name_that_another_image_has_too(tmp_path: Path, base: str, lines: str, uid: str) -> None:
    assert user(tmp_path, f"FROM {base}\n{lines}USER nonroot\n").uid == uid


def test_build_arguments_go_first(tmp_path: Path) -> None:
    dockerfile = "FROM alpine\nARG ID=1\nARG NAME\nRUN adduser -u $ID -D $NAME\nUSER $NAME\n"
    found = user(tmp_path, dockerfile, args={"ID": "7000", "NAME": "app"})
    assert (found.name, found.uid) == ("$NAME", "7000"), "a build argument may be a secret: it is not shown"


def test_a_passwd_of_another_stage(tmp_path: Path) -> None:
    dockerfile = (
        "FROM golang AS build\nRUN adduser -D -u 7000 app\nFROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\n"
        "COPY --from=build /out/app /app\nUSER app\n"
    )
    assert user(tmp_path, dockerfile).uid == "7000"
    assert not user(tmp_path, dockerfile.replace("--from=build /etc/passwd", "--from=example.org/x /etc/passwd")).uid
    assert not user(tmp_path, dockerfile.replace("COPY --from=build /etc/passwd /etc/passwd\n", "")).uid


@pytest.mark.parametrize(
    ("written", "uid", "gid"),
    [
        ("user: app", "7000", "8000"),
        ("user: app:staff", "7000", "9000"),
        ('user: "5:staff"', "5", "9000"),
        ('user: "5:6"', "5", "6"),
        ("user: app:nobody", "7000", ""),
        ("user: root", "0", "0"),
    ],
)
def test_the_name_in_the_compose_file(tmp_path: Path, written: str, uid: str, gid: str) -> None:
    lines = "RUN addgroup -g 8000 people && adduser -u 7000 -G people -D app && addgroup -g 9000 staff"
    found = user(tmp_path, f"FROM alpine\n{lines}\n", written)
    assert (found.uid, found.gid) == (uid, gid)


def test_groups_that_are_written_into_their_file() -> None:
    text = 'FROM alpine\nRUN echo "people:x:8000:" >> /etc/group\nRUN then sudo addgroup other; addgroup\n'
    found = accounts(parse(TextFile(Path("Dockerfile"), text.encode())))
    assert found.groups == {"people": "8000", "other": ""}
    assert accounts(None).users == {}
