"""What is said about a phone that waits, or about a model that cannot be configured."""

from __future__ import annotations

import pytest

from provisioner.catalogue.advice import about_waiting, why_not
from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Support

KNOWN = [m for m in load().models.values() if m.support is Support.KNOWN]


def test_a_supported_model_is_to_be_adopted() -> None:
    assert about_waiting(load(), "yealink", "yealink/t46u").endswith("is supported; adopt it")


@pytest.mark.parametrize("model", KNOWN, ids=[m.id for m in KNOWN])
def test_a_model_that_is_only_known_says_what_is_missing(model) -> None:
    told = about_waiting(load(), model.vendor, model.id)
    assert "known but not supported yet; missing: " in told
    assert all(fact in told for fact in model.missing)


def test_an_accessory_is_configured_through_its_phone() -> None:
    assert "through its phone" in why_not(load().model("snom/c52-sp"))


def test_an_unknown_model_is_named_with_a_sibling() -> None:
    told = about_waiting(load(), "yealink", "T46X")
    assert "does not know the Yealink 'T46X'" in told
    assert "--model yealink/t46" in told


def test_an_unknown_model_without_a_sibling_gets_no_hint() -> None:
    assert about_waiting(load(), "fanvil", "Q9") == "bellwire does not know the Fanvil 'Q9'"


def test_a_phone_that_says_no_model() -> None:
    assert "--model" in about_waiting(load(), "snom", "")


@pytest.mark.parametrize(("vendor", "named"), [("grandstream", "grandstream"), ("", "its maker")])
def test_an_unknown_maker_is_told_whom_we_support(vendor: str, named: str) -> None:
    told = about_waiting(load(), vendor, "GXP2170")
    assert told.startswith(f"{named} is not supported")
    assert "Yealink" in told
