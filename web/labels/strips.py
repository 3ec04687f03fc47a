"""Plain strips: for keys whose paper nobody has measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Literal

from provisioner.catalogue.inserts import Box, Insert, KeyBoxes
from provisioner.catalogue.record import Confidence

LABEL_MM = (44.0, 10.0)
HEADING_MM = 12.0
_EDGE_MM = 2.0
_ROWS = 20


def plain_strips(
    model_id: str, group: str, count: int, area_mm: tuple[float, float]
) -> Iterator[Insert]:
    """Give the papers for ``count`` keys of a group: as many as a sheet's area asks for.

    Args:
        model_id: whose keys.
        group: the key group.
        count: keys of one page.
        area_mm: width and height of a sheet.
    """
    across, down = LABEL_MM
    columns_most = max(1, int((area_mm[0] - 2 * _EDGE_MM) // across))
    rows_most = min(_ROWS, max(1, int((area_mm[1] - HEADING_MM - _EDGE_MM) // down)))
    share = ceil(count / ceil(count / (columns_most * rows_most)))
    columns = ceil(share / rows_most)
    rows = ceil(share / columns)
    for first in range(1, count + 1, columns * rows):
        here = min(columns * rows, count - first + 1)
        yield _paper(model_id, group, first, ceil(here / rows), min(rows, here))


def plain_insert(
    model_id: str, groups: list[tuple[str, int]], size_mm: tuple[float, float]
) -> Insert:
    """Return a paper of a given size for all keys of a phone, below each other.

    Args:
        model_id: whose keys.
        groups: key groups, each with its number of keys on a page; at least one.
        size_mm: width and height.
    """
    across, down = size_mm
    edge, top = across * 0.04, down * 0.22
    total = sum(count for _, count in groups)
    row = (down - top - edge) / total
    y, keys = top, []
    for group, count in groups:
        keys.append(
            KeyBoxes(
                group=group, rows=count,
                x_mm=edge, y_mm=y, width_mm=across - 2 * edge, height_mm=row,
            )
        )  # fmt: skip
        y += row * count
    heading = Box(x_mm=edge, y_mm=edge, width_mm=across - 2 * edge, height_mm=top - edge)
    return _insert("insert", model_id, size_mm, heading, tuple(keys))


def _paper(model_id: str, group: str, first: int, columns: int, rows: int) -> Insert:
    across, down = LABEL_MM
    size = 2 * _EDGE_MM + columns * across, HEADING_MM + rows * down + _EDGE_MM
    keys = KeyBoxes(
        group=group, first=first, columns=columns, rows=rows, x_mm=_EDGE_MM, y_mm=HEADING_MM,
        width_mm=across, height_mm=down,
    )  # fmt: skip
    heading = Box(x_mm=_EDGE_MM, y_mm=1, width_mm=size[0] - 2 * _EDGE_MM, height_mm=HEADING_MM - 2)
    return _insert("strip", model_id, size, heading, (keys,))


def _insert(
    kind: Literal["insert", "strip"],
    model_id: str,
    size_mm: tuple[float, float],
    heading: Box,
    keys: tuple[KeyBoxes, ...],
) -> Insert:
    return Insert(
        kind=kind,
        models=(model_id,),
        width_mm=size_mm[0],
        height_mm=size_mm[1],
        heading=heading,
        keys=keys,
        confidence=Confidence.UNVERIFIED,
        source="no measurement: a plain grid",
        checked="2026-11",
    )
