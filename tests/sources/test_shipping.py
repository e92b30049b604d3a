"""The helper comes into the image: a COPY that brings its neighbour brings it, too."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.shipping import ship
from aicos_tls.yamledit.apply import splice

BESIDE = [PurePosixPath("main.py"), PurePosixPath("app/main.py")]


def shipped(text: str, path: str = "tls.py") -> str | None:
    file = TextFile(Path("Dockerfile"), text.encode())
    result = ship(file, PurePosixPath(path), BESIDE)
    return splice(text, result.changes[0].splices) if result else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY main.py ./\n", "COPY main.py tls.py ./\n"),
        ("COPY main.py .\n", "COPY main.py tls.py .\n"),
        ("COPY --chown=1 main.py other.py /app/\n", "COPY --chown=1 main.py tls.py other.py /app/\n"),
        ("COPY ./main.py /app/\n", "COPY ./main.py ./tls.py /app/\n"),
        ("COPY /main.py /app/", "COPY /main.py /tls.py /app/"),
        ("COPY main.py main.py\nRUN x\n", "COPY main.py main.py\nCOPY tls.py tls.py\nRUN x\n"),
        ("COPY main.py /app/main.py\r\nRUN x\r\n", "COPY main.py /app/main.py\r\nCOPY tls.py /app/tls.py\r\nRUN x\r\n"),
        ("COPY requirements.txt \\\n  main.py \\\n  ./\n", "COPY requirements.txt \\\n  main.py tls.py \\\n  ./\n"),
        (
            "FROM a AS b\nCOPY --from=b main.py ./\nCOPY main.py ./\n",
            "FROM a AS b\nCOPY --from=b main.py ./\nCOPY main.py tls.py ./\n",
        ),
    ],
)
def test_changes(before: str, after: str) -> None:
    assert shipped(before) == after


def test_a_neighbour_below() -> None:
    assert shipped("COPY app/main.py app/\n", "app/tls.py") == "COPY app/main.py app/tls.py app/\n"


@pytest.mark.parametrize(
    "text",
    [
        "COPY main.py /app/server.py\n",
        "COPY other.py ./\n",
        'COPY ["main.py", "./"]\n',
        "COPY --from=b main.py ./\n",
        "ADD main.py ./\n",
        "COPY main.py other.py /app\n",
        "COPY <<EOF ./\nmain.py\nEOF\n",
    ],
)
def test_where_no_instruction_fits(text: str) -> None:
    assert shipped(text) is None
