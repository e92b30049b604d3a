from __future__ import annotations

import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from aicos_tls.rollback.align import align
from aicos_tls.rollback.runs import differences, split

some_lines = st.lists(st.sampled_from("abcdefg"), max_size=20)


@given(some_lines, some_lines)
def test_pairs_are_equal_lines_and_both_sides_rise(one: list[str], other: list[str]) -> None:
    pairs = list(align(one, other).items())
    assert all(one[index] == other[other_index] for index, other_index in pairs)
    assert all(first[0] < second[0] and first[1] < second[1] for first, second in itertools.pairwise(pairs))


@given(some_lines)
def test_a_text_is_itself(one: list[str]) -> None:
    assert align(one, one) == {index: index for index in range(len(one))}


@given(st.lists(st.integers(), unique=True, max_size=20), st.data())
def test_unique_lines_that_stay_in_order_are_all_found(one: list[int], data: st.DataObject) -> None:
    kept = [line for line in one if data.draw(st.booleans())]
    other = [line for kept_line in kept for line in (*data.draw(st.sampled_from([[], ["new"]])), kept_line)]
    assert [one[index] for index in align(one, other)] == kept


def test_the_same_block_in_every_service_is_not_mixed_up() -> None:
    """A longest match would pair the first service with the second here: its block is longer."""
    block = ["env:", "tls", "vol:", "certs"]
    one = ["a:", *block, "x", "b:", *block, "x", "y"]
    other = ["b:", *block, "x", "y"]
    assert align(one, other) == dict(zip(range(6, 13), range(7), strict=True))


def test_moved_anchors() -> None:
    assert align(list("abcde"), list("cabxe")) == {0: 1, 1: 2, 4: 4}


def test_no_anchor_at_all() -> None:
    assert align(list("xaabby"), list("zaaabbw")) == {1: 2, 2: 3, 3: 4, 4: 5}


@given(st.binary(max_size=30))
def test_split_loses_nothing(data: bytes) -> None:
    lines = split(data)
    assert b"".join(lines) == data
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert all(line.count(b"\n") <= 1 and line for line in lines)


@given(some_lines, some_lines)
def test_differences_lead_from_one_to_the_other(one: list[str], other: list[str]) -> None:
    after, before = [line.encode() for line in one], [line.encode() for line in other]
    rebuilt: list[bytes] = []
    done = 0
    for run in differences(after, before):
        assert tuple(after[run.start : run.end]) == run.after
        assert run.start > done or not done, "a common line stands between two runs"
        rebuilt += [*after[done : run.start], *run.before]
        done = run.end
    assert [*rebuilt, *after[done:]] == before


def test_many_services_take_no_quadratic_time() -> None:
    def stack(services: int, extra: list[str]) -> list[str]:
        body = ["    restart: always", "    env:", *extra, "", "    x:", "      - y"]
        return [line for number in range(services) for line in (f"  service-{number}:", *body)]

    def seconds(services: int) -> float:
        one, other = stack(services, ["      - TLS=true"]), stack(services, [])
        start = time.process_time()
        assert len(align(one, other)) == len(other)
        return time.process_time() - start

    small = min(seconds(300) for _ in range(3))
    large = min(seconds(3000) for _ in range(3))
    assert large < 30 * small
