"""One throw-away server for all tests that run playbooks on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ansible.office import Office, opened_office
from tests.ansible.playing import Hotel, why_not
from tests.ansible.target import Target
from tests.ansible.wheels import built

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """bellwire's wheel, of this checkout."""
    return built(TOP, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def hotel(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    """An empty Debian server, and an inventory that has it."""
    if reason := why_not():
        pytest.skip(reason)
    with Target(tmp_path_factory.mktemp("server")) as server:
        yield Hotel(server, tmp_path_factory.mktemp("inventory"), wheel)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A bellwire with an API, a hotel and a switch that was read."""
    with opened_office(tmp_path_factory.mktemp("office")) as made:
        yield made
