"""Places for large files, and how a file goes out in pieces."""

from __future__ import annotations

import gc

from provisioner.answers import BUSY, Answer, Outcome
from provisioner.downloads import LARGE_BYTES, Downloads
from web.phone_plane import PIECE_BYTES, _Pieces


def answer(size: int) -> Answer:
    return Answer(Outcome.SENT, memoryview(bytes(size)))


def test_only_large_files_take_a_place() -> None:
    downloads = Downloads(1)
    for small in (answer(LARGE_BYTES - 1), Answer(Outcome.SENT, bytes(LARGE_BYTES)), BUSY):
        assert downloads.admit(small) is small
    first = downloads.admit(answer(LARGE_BYTES))
    assert first.outcome is Outcome.SENT
    assert downloads.admit(answer(LARGE_BYTES)) is BUSY
    assert first.on_end is not None
    for _ in range(3):
        first.on_end()  # an end is noticed in several ways
    assert downloads.admit(answer(LARGE_BYTES)).outcome is Outcome.SENT
    assert downloads.admit(answer(LARGE_BYTES)) is BUSY


def test_all_pieces_and_then_the_end() -> None:
    told: list[str] = []
    body = bytes(range(256)) * (PIECE_BYTES // 256) + b"rest"
    pieces = _Pieces(memoryview(body), lambda: told.append("sent"), lambda: told.append("end"))
    assert b"".join(pieces) == body
    assert next(pieces, b"nothing") == b"nothing"
    pieces.close()
    assert told.count("sent") == 1
    assert told.index("end") < told.index("sent")


def test_a_download_that_breaks_off_is_not_sent() -> None:
    for started in (False, True):
        told: list[str] = []
        body = memoryview(bytes(3 * PIECE_BYTES))
        pieces = _Pieces(body, lambda: told.append("sent"), lambda: told.append("end"))  # noqa: B023
        if started:
            next(pieces)
        del pieces  # the server lets go of it, with or without close()
        gc.collect()
        assert set(told) == {"end"}
