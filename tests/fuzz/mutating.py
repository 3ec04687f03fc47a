"""Inputs by hypothesis: seeds with pieces put in, taken out, doubled and changed."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.fuzz.target import Target


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """What a target is fed with: changed seeds, words in a row, and anything."""
    words = st.sampled_from((*target.words, *target.seeds)) if target.words else st.binary()
    pieces = st.lists(words | st.binary(max_size=8), max_size=12).map(b"".join)
    return st.one_of(changed(target), pieces, st.binary(max_size=400)).map(
        lambda made: made[: target.most]
    )


@st.composite
def changed(draw: st.DrawFn, target: Target) -> bytes:
    """A seed after a few changes."""
    data = draw(st.sampled_from(target.seeds))
    piece = st.sampled_from(target.words) if target.words else st.binary(max_size=4)
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 24)))
        within = draw(
            st.one_of(piece, st.binary(max_size=3), st.just(b""), st.just(data[start:end] * 2))
        )
        data = data[:start] + within + data[end:]
    return data
