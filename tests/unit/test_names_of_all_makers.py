"""How many parameter names, counted for each dialect, no public list knows; printed.

Each maker's own test (``test_<maker>_names.py``) sees every preset and every setting, and that
every name outside the lists has a written source. Here all makers with a list are counted
together, once for each dialect that writes a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from provisioner.kit import PhoneKit
from provisioner.render import render
from tests.kits import make_kit
from tests.unit import test_fanvil_names as fanvil
from tests.unit import test_snom_names as snom
from tests.unit import test_yealink_names as yealink

MOST = 0.01


def kits(vendor_id: str) -> Iterator[PhoneKit]:
    """Every model with its main preset, in every dialect that it speaks."""
    catalogue = load()
    for model in catalogue.models.values():
        if model.vendor != vendor_id or not model.dialects:
            continue
        handsets = min(2, model.dect.handsets) if model.dect else 0
        kit = make_kit(model.id, catalogue.main_preset(model).id, handsets=handsets)
        for entry in model.dialects:
            yield replace(kit, dialect=catalogue.vendors[vendor_id].dialect(entry.id))


def bodies(kit: PhoneKit) -> list[str]:
    files = render(load().folder, kit)
    return [f.body.decode() for f in files if f.role not in {"boot", "firmware"}]


def of_yealink() -> Iterator[tuple[str, str, bool]]:
    known = yealink.known_names()
    for kit in kits("yealink"):
        for name in set().union(*map(yealink.names_in, bodies(kit))):
            yield kit.dialect.id, name, name in known


def of_snom() -> Iterator[tuple[str, str, bool]]:
    for kit in kits("snom"):
        for name in set(snom.emitted(kit)):
            yield kit.dialect.id, name, name in snom.listed()


def of_fanvil() -> Iterator[tuple[str, str, bool]]:
    file = fanvil.folder() / "params_fanvil.txt"
    if not file.is_file():
        pytest.skip(f"the list of known parameters is not there: {file}")
    known = {line.split("\t", 1)[0] for line in file.read_text("utf-8").splitlines()}
    for kit in kits("fanvil"):
        prefix = fanvil.PREFIX[kit.dialect.id]
        for name in set().union(*map(fanvil.names_in, bodies(kit))):
            yield kit.dialect.id, fanvil.indexed(name), fanvil.is_known(name, prefix, known)


def test_names_outside_the_lists_are_under_one_in_a_hundred(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = {*of_yealink(), *of_snom(), *of_fanvil()}
    outside = sorted(f"{dialect} {name}" for dialect, name, known in found if not known)
    with capsys.disabled():
        print(f"\nall makers: {len(outside)} of {len(found)} names outside the lists: {outside}")
    assert len(found) > 1500
    assert len(outside) < MOST * len(found)
