"""Fixtures of the integration tests: data folders, and servers as real processes on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.servers import DataFolder, Server, free_ports, small_site

MakeServer = Callable[..., Server]


@pytest.fixture(autouse=True, scope="session")
def _no_configuration_of_this_machine() -> Iterator[None]:
    """Neither a configuration file nor the caller's environment counts."""
    kept = {n: os.environ.pop(n) for n in list(os.environ) if n.startswith("BELLWIRE_")}
    os.environ["BELLWIRE_CONFIG"] = os.devnull
    yield
    del os.environ["BELLWIRE_CONFIG"]
    os.environ.update(kept)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return DataFolder(tmp_path / "data")


@pytest.fixture
def casa(folder: DataFolder) -> DataFolder:
    """A data folder with the small site, rendered."""
    folder.apply(small_site(folder.url))
    return folder


@pytest.fixture
def make_server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeServer]:
    """Starts servers; ``make_server(site)`` takes a function of the server's URL to a site."""
    with ExitStack() as ends:
        yield _maker(tmp_path, ends)


@pytest.fixture(scope="module")
def make_module_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MakeServer]:
    """Starts servers that all tests of a module use."""
    with ExitStack() as ends:
        yield _maker(tmp_path_factory.mktemp("servers"), ends)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """Show the servers' logs with a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server):
                report.sections.append(("server log", value.log[-8000:]))
    return report


def _maker(base: Path, ends: ExitStack) -> MakeServer:
    made = 0

    def make(
        site: Callable[[str], dict[str, Any]] = small_site,
        *,
        options: tuple[str, ...] = ("--no-monitor",),
        environment: dict[str, str] | None = None,
    ) -> Server:
        nonlocal made
        made += 1
        http_port, tftp_port = free_ports()
        data = DataFolder(base / f"data{made}", f"http://127.0.0.1:{http_port}")
        data.apply(site(data.url))
        server = Server(data, http_port, tftp_port, options, environment or {})
        ends.callback(server.stop)
        server.start()
        return server

    return make
