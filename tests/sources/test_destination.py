"""Where a file of the build context is in the image (Dockerfile reference, "COPY", "WORKDIR")."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.copied import destination
from aicos_tls.sources.dockerfile import parse


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("COPY nginx.conf /etc/nginx/conf.d/default.conf", "/etc/nginx/conf.d/default.conf"),
        ("COPY nginx.conf /etc/nginx/conf.d/", "/etc/nginx/conf.d/nginx.conf"),
        ("COPY nginx.conf /etc/nginx/conf.d", "/etc/nginx/conf.d/nginx.conf"),
        ("COPY a.conf nginx.conf /etc/nginx", "/etc/nginx/nginx.conf"),
        ('COPY ["nginx.conf", "/etc/my conf/"]', "/etc/my conf/nginx.conf"),
        ("COPY --chown=1:1 nginx.conf /x.conf", "/x.conf"),
        ("ADD ./nginx.conf /x.conf", "/x.conf"),
        ("COPY . /srv", "/srv/nginx.conf"),
        ("COPY *.conf /etc/", "/etc/nginx.conf"),
        ("WORKDIR /srv\nCOPY nginx.conf ./", "/srv/nginx.conf"),
        ("WORKDIR /srv\nWORKDIR app\nCOPY nginx.conf x.conf", "/srv/app/x.conf"),
        ("COPY nginx.conf /a.conf\nCOPY nginx.conf /b.conf", "/b.conf"),
        ("COPY --from=build nginx.conf /x.conf", None),
        ("COPY nginx.conf $TARGET", None),
        ("COPY other.conf /x.conf", None),
        ("RUN true", None),
    ],
)
def test_a_file(lines: str, expected: str | None) -> None:
    stage = parse(TextFile(Path("Dockerfile"), f"FROM nginx\n{lines}\n".encode()))
    assert destination(stage, PurePosixPath("nginx.conf")) == expected


def test_a_file_in_a_directory() -> None:
    stage = parse(TextFile(Path("Dockerfile"), b"FROM nginx\nCOPY etc/conf.d /etc/nginx/conf.d\n"))
    assert destination(stage, PurePosixPath("etc/conf.d/a.conf")) == "/etc/nginx/conf.d/a.conf"
    assert destination(stage, PurePosixPath("etc/b.conf")) is None
