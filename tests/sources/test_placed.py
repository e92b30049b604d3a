"""All the places in an image at which a file of the context is."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from aicos_tls.files import TextFile
from aicos_tls.sources.dockerfile import parse
from aicos_tls.sources.placed import placed

BUILD = "FROM node AS build\nWORKDIR /build\nCOPY . .\nFROM node\nWORKDIR /srv\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\nCOPY . /app\nCOPY certs /etc/certs\n", ["/app/certs/k.pem", "/etc/certs/k.pem"]),
        ("FROM a\nADD certs/k.pem /k.pem\n", ["/k.pem"]),
        (f"{BUILD}COPY --from=build /build ./app\n", ["/srv/app/certs/k.pem"]),
        (f"{BUILD}COPY --from=0 /build/certs/ /c\n", ["/c/k.pem"]),
        (f"{BUILD}COPY --from=build /build/certs/k.pem keys/\n", ["/srv/keys/k.pem"]),
        (f"{BUILD}COPY --from=build /build/certs/k.pem own.pem\n", ["/srv/own.pem"]),
        (f"{BUILD}COPY --from=build / /old\n", ["/old/build/certs/k.pem"]),
        (f"{BUILD}COPY --from=build /other /x\nCOPY --from=example.org/x /build /y\nCOPY --from=build x\n", []),
        ("FROM a\nCOPY src /app\nRUN x\n", []),
    ],
)
def test_where_it_is(text: str, found: list[str]) -> None:
    stage = parse(TextFile(Path("Dockerfile"), text.encode()))
    assert list(placed(stage, PurePosixPath("certs/k.pem"))) == found
