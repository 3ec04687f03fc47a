"""Model files that build on another, and named sets of key types."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.catalogue.inheritance import complete
from provisioner.errors import CatalogueError

SETS = {"desk": ["line", "blf"]}


def files(**models: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    return {stem: (f"phones/x/models/{stem}.toml", data) for stem, data in models.items()}


def test_what_a_model_writes_wins_and_the_rest_is_taken_over() -> None:
    written = files(
        a={"id": "x/a", "accounts": 4, "features": ["tls"], "screen": "big"},
        b={"like": "a", "id": "x/b", "accounts": 2},
    )
    assert complete(written, {}, "b") == {
        "id": "x/b", "accounts": 2, "features": ["tls"], "screen": "big",
    }  # fmt: skip


def test_a_chain_is_followed_and_the_nearest_wins() -> None:
    written = files(
        a={"accounts": 1, "family": "f"}, b={"like": "a", "accounts": 2}, c={"like": "b"}
    )
    assert complete(written, {}, "c") == {"accounts": 2, "family": "f"}


@pytest.mark.parametrize(
    "own",
    ["id", "name", "aliases", "agents", "code", "type_string", "notes", "disagreements",
     "variants", "support", "missing"],
)  # fmt: skip
def test_what_identifies_or_was_said_of_one_device_is_not_taken_over(own: str) -> None:
    written = files(a={own: ["of a"], "accounts": 1}, b={"like": "a"})
    assert complete(written, {}, "b") == {"accounts": 1}


def test_a_named_set_becomes_its_key_types_also_when_taken_over() -> None:
    written = files(a={"keys": [{"id": "line", "accepts": "desk"}]}, b={"like": "a"})
    for stem in ("a", "b"):
        assert complete(written, SETS, stem)["keys"] == [{"id": "line", "accepts": ["line", "blf"]}]


@pytest.mark.parametrize(
    ("models", "file", "key", "told"),
    [
        ({"a": {"like": "zz"}}, "a", "like", "there is no model file 'zz'"),
        ({"a": {"like": "b"}, "b": {"like": "a"}}, "a", "like", "'a' leads back to itself"),
        ({"a": {"like": "a"}}, "a", "like", "'a' leads back to itself"),
        ({"a": {"keys": [{"accepts": "none"}]}}, "a", "keys.accepts", "vendor.toml has: desk"),
    ],
)
def test_what_is_wrong_is_named(
    models: dict[str, dict[str, Any]], file: str, key: str, told: str
) -> None:
    with pytest.raises(CatalogueError) as raised:
        complete(files(**models), SETS, file)
    assert f"phones/x/models/{file}.toml" in str(raised.value)
    assert key in str(raised.value)
    assert told in str(raised.value)
