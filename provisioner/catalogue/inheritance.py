"""Model files that build on another: ``like = "t46u"``, and named sets of key types. Pure.

A model file holds only what is its own. What identifies a device (id, names, file codes) and
what was written about one device (notes, disagreements, variants) is never taken over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.errors import CatalogueError

_OWN = frozenset(
    {
        "id", "name", "aliases", "agents", "code", "type_string", "firmware_name", "variants",
        "notes", "disagreements", "support", "missing", "like",
    }
)  # fmt: skip
Written = Mapping[str, Any]


def complete(
    files: Mapping[str, tuple[str, Written]], sets: Mapping[str, object], stem: str
) -> dict[str, Any]:
    """Return a model's data with what it takes over from the model it is like.

    Top-level keys are taken over whole: a file that writes ``[[keys]]`` writes all of them.

    Args:
        files: (file name, data) of a vendor's models by file stem.
        sets: the vendor's named sets of key types, for ``accepts = "name"``.
        stem: which model.

    Raises:
        CatalogueError: ``like`` names no model or leads in a circle, or there is no such set.
    """
    chain = lineage(files, stem)
    made: dict[str, Any] = {}
    for ancestor in reversed(chain[1:]):
        made |= {k: v for k, v in files[ancestor][1].items() if k not in _OWN}
    made |= {k: v for k, v in files[stem][1].items() if k != "like"}
    if isinstance(made.get("keys"), list):
        made["keys"] = [_with_set(files[stem][0], sets, group) for group in made["keys"]]
    return made


def lineage(files: Mapping[str, tuple[str, Written]], stem: str) -> list[str]:
    """Return a model file's stem, then those it builds on, nearest first; raises CatalogueError."""
    chain = [stem]
    while (like := files[chain[-1]][1].get("like")) is not None:
        if like not in files:
            raise CatalogueError(files[chain[-1]][0], "like", f"there is no model file {like!r}")
        if like in chain:
            raise CatalogueError(files[stem][0], "like", f"{like!r} leads back to itself")
        chain.append(like)
    return chain


def _with_set(file: str, sets: Mapping[str, object], group: object) -> object:
    if not isinstance(group, dict) or not isinstance(group.get("accepts"), str):
        return group
    name = group["accepts"]
    if name not in sets:
        known = ", ".join(sorted(sets)) or "none"
        raise CatalogueError(
            file, "keys.accepts", f"there is no key set {name!r} (vendor.toml has: {known})"
        )
    return group | {"accepts": sets[name]}
