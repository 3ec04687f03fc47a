"""Paper inserts as vendor data: boxes where they belong, and a wrong file stops the start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from provisioner.catalogue.inserts import Box, Insert, KeyBoxes, insert_problems, keys_per_page
from provisioner.catalogue.loader import load, shipped_folder
from provisioner.errors import CatalogueError

CATALOGUE = load()
SHIPPED = [insert for papers in CATALOGUE.inserts.values() for insert in papers]
FILE = "phones/fanvil/inserts.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(shipped_folder(), copy)
    return copy


def paper(**changes: object) -> Insert:
    values: dict[str, object] = {
        "kind": "insert",
        "models": ["fanvil/h5"],
        "width_mm": 80,
        "height_mm": 50,
        "keys": [
            {"group": "line", "x_mm": 2, "y_mm": 10, "width_mm": 30, "height_mm": 8, "rows": 3}
        ],
        "confidence": "unverified",
        "source": "a test",
        "checked": "2026-11",
    }
    return Insert.model_validate({**values, **changes})


def test_hotel_phones_with_paper_have_it() -> None:
    for model in ("fanvil/h2u-v2", "fanvil/h5"):
        assert CATALOGUE.insert_of(model, "insert") is not None
    assert CATALOGUE.insert_of("fanvil/h5", "strip") is None
    assert CATALOGUE.insert_of("yealink/t46u", "insert") is None
    assert CATALOGUE.insert_of("nobody/x", "insert") is None


@pytest.mark.parametrize("insert", SHIPPED, ids=lambda i: f"{i.models[0]} {i.kind}")
def test_every_shipped_paper_has_a_source_and_a_box_for_each_key(insert: Insert) -> None:
    assert insert.source
    for model_id in insert.models:
        groups = {g.id: g for g in CATALOGUE.models[model_id].keys}
        for group in insert.groups:
            places = [insert.box_of(group, n + 1) for n in range(keys_per_page(groups[group]))]
            assert all(places), (model_id, group)


def test_a_grid_runs_down_or_across() -> None:
    grid = {"group": "k", "x_mm": 1, "y_mm": 2, "width_mm": 10, "height_mm": 5, "gap_x_mm": 1,
            "gap_y_mm": 0.5, "columns": 2, "rows": 2, "first": 3}  # fmt: skip
    down = {n: (b.x_mm, b.y_mm) for n, b in KeyBoxes(**grid).boxes()}
    across = {n: (b.x_mm, b.y_mm) for n, b in KeyBoxes(**grid, down=False).boxes()}
    assert down == {3: (1, 2), 4: (1, 7.5), 5: (12, 2), 6: (12, 7.5)}
    assert across == {3: (1, 2), 4: (12, 2), 5: (1, 7.5), 6: (12, 7.5)}


@given(st.floats(10, 400), st.floats(10, 400))
def test_a_paper_in_another_size_keeps_its_boxes_inside_and_apart(
    width: float, height: float
) -> None:
    for insert in SHIPPED:
        scaled = insert.scaled(width, height)
        assert scaled.width_mm == pytest.approx(width)
        assert scaled.height_mm == pytest.approx(height)
        assert list(insert_problems((scaled,), CATALOGUE.models)) == []


def test_boxes_that_touch_do_not_overlap() -> None:
    left = Box(x_mm=0, y_mm=0, width_mm=10, height_mm=10)
    assert not left.overlaps(Box(x_mm=10, y_mm=0, width_mm=10, height_mm=10))
    assert not left.overlaps(Box(x_mm=0, y_mm=10, width_mm=10, height_mm=10))
    assert left.overlaps(Box(x_mm=9.9, y_mm=9.9, width_mm=10, height_mm=10))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"models": ["fanvil/h99"]}, "no model 'fanvil/h99'"),
        ({"width_mm": 31}, "reaches out of the paper"),
        ({"height_mm": 30}, "reaches out of the paper"),
        ({"heading": {"x_mm": 0, "y_mm": 0, "width_mm": 80, "height_mm": 11}}, "overlap"),
        ({"long_press": ["digit"]}, "no key group 'digit'"),
        (
            {"keys": [{"group": "bar", "x_mm": 0, "y_mm": 0, "width_mm": 5, "height_mm": 5}]},
            "no key group 'bar'",
        ),
        (
            {
                "keys": [
                    {"group": "line", "x_mm": 0, "y_mm": 0, "width_mm": 5, "height_mm": 5,
                     "rows": 7}
                ]
            },
            "there is no 7",
        ),
        (
            {
                "keys": [
                    {"group": "line", "x_mm": 0, "y_mm": 0, "width_mm": 5, "height_mm": 5},
                    {"group": "line", "x_mm": 9, "y_mm": 9, "width_mm": 5, "height_mm": 5},
                ]
            },
            "two boxes for line 1",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(changes: dict[str, object], told: str) -> None:
    problems = [problem for _, problem in insert_problems((paper(**changes),), CATALOGUE.models)]
    assert any(told in problem for problem in problems), problems


def test_a_model_has_one_paper_of_a_kind() -> None:
    problems = [p for _, p in insert_problems((paper(), paper()), CATALOGUE.models)]
    assert problems == ["'fanvil/h5' has two papers of kind insert"]


@pytest.mark.parametrize(
    "changes",
    [{"width_mm": 0}, {"width_mm": 421}, {"kind": "poster"}, {"keys": []}, {"source": ""},
     {"checked": "last year"}, {"models": []}, {"colour": "blue"}, {"width_mm": float("nan")}],
    ids=str,
)  # fmt: skip
def test_wrong_values_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        paper(**changes)


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('"fanvil/h5w"', '"fanvil/h55w"', "inserts.1.models", "fanvil/h55w"),
        ("width_mm = 54", "width_mm = -54", "inserts.0.width_mm", "greater than"),
        ("height_mm = 85.6", "hight_mm = 85.6", "inserts.0", ""),
        ("height_mm = 85.6", "height_mm = 60", "inserts.0.keys", "out of the paper"),
        ("long_press =", "long_pres =", "inserts.0.long_pres", "Extra inputs"),
    ],
)
def test_a_damaged_file_is_named_with_its_key(
    folder: Path, old: str, new: str, key: str, words: str
) -> None:
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        load(folder)
    assert caught.value.file == FILE
    assert caught.value.key.startswith(key)
    assert words in str(caught.value)
