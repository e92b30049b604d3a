"""Frames to segments and datagrams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live.frames import CLIENT, PUSH, REQUEST, SERVER, frame

from aicos_tls.live.packets import Datagram, Segment, Side, packet


@pytest.mark.parametrize("ends", [(CLIENT, SERVER), (Side("fd00::2", 40000), Side("fd00::3", 8001))])
@pytest.mark.parametrize("odd", [{}, {"length": 0}])
def test_a_packet(ends: tuple[Side, Side], odd: dict[str, int]) -> None:
    source, target = ends
    found = packet(frame(source, target, 7, REQUEST, **odd))
    assert isinstance(found, Segment)
    assert (found.source, found.target) == ends
    assert (found.sequence, found.flags, found.payload) == (7, PUSH, REQUEST)


def test_padding_is_no_payload() -> None:
    found = packet(frame(CLIENT, SERVER, 7) + bytes(6))
    assert isinstance(found, Segment)
    assert found.payload == b""


@pytest.mark.parametrize(
    "other",
    [
        b"",
        bytes(60),
        frame(CLIENT, SERVER, 1, protocol=132),
        frame(Side("fd00::2", 1), Side("fd00::3", 2), 1, protocol=132),
        frame(CLIENT, SERVER, 1, REQUEST, offset=185),
        frame(CLIENT, SERVER, 1)[:40],
    ],
)
def test_no_packet(other: bytes) -> None:
    assert packet(other) is None


@pytest.mark.parametrize("ends", [(CLIENT, SERVER), (Side("fd00::2", 40000), Side("fd00::3", 8001))])
def test_a_datagram(ends: tuple[Side, Side]) -> None:
    assert packet(frame(*ends, 1, protocol=17)) == Datagram(*ends)


@given(st.binary(max_size=200), st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x08\x06"]), st.binary(max_size=120))
def test_no_frame_raises(start: bytes, kind: bytes, rest: bytes) -> None:
    packet(start)
    found = packet(bytes(12) + kind + rest)
    assert found is None or len(found.source.address) > 2
