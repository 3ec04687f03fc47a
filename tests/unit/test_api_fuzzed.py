"""Schemathesis asks what the document allows and what it forbids; all its checks must hold.

Each operation is asked a few times about a hotel that exists. ``BELLWIRE_API_EXAMPLES=20`` asks more
often, about invented things too, and at every boundary of every schema.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api import BEDSIDE, Api, hotel

schemathesis = pytest.importorskip("schemathesis.openapi")

from schemathesis.config import SchemathesisConfig  # noqa: E402
from schemathesis.engine import Status, events, from_schema  # noqa: E402
from schemathesis.transport.wsgi import WSGITransport  # noqa: E402

SEED = 20261122
EXAMPLES = int(os.environ.get("BELLWIRE_API_EXAMPLES", "0"))
LARGE = ["plan_site_file", "apply_site_file", "put_site"]
"""Their bodies are whole site files: making one up takes long."""
THERE = {
    "site": "casa", "room": "101", "extension": "2101", "mac": BEDSIDE, "user": "ivan",
    "switch": "sw-1", "vendor": "fanvil", "model": "h5", "preset": "guest-room", "If-Match": "*",
    "scope": "account", "name": "2101", "caller": "+34600111222", "address": "198.51.100.23",
}  # fmt: skip
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428"]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    send = WSGITransport.send

    def send_here(self: Any, case: Any, **kwargs: Any) -> Any:
        for socket_only in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(socket_only, None)  # its probes without a token forget that there is none
        return send(self, case, **kwargs)

    monkeypatch.setattr(WSGITransport, "send", send_here)
    monkeypatch.setattr("web.api.bearer.PER_ADDRESS", (10**6, 1.0, 1.0))  # it tries wrong tokens
    with hotel(tmp_path) as made:
        yield made


def config(token: str, names: dict[str, str], examples: int) -> Any:
    quick: dict[str, Any] = {"max-examples": 1 if examples < 10 else 5}
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "generation": {
                "max-examples": examples, "deterministic": True, "database": "none",
                "no-shrink": True,
            },
            "phases": {"coverage": {"enabled": not names}, "stateful": {"enabled": False}},
            "checks": {
                "positive_data_acceptance": {
                    # what is of the right form may still be wrong: a model that nobody makes
                    "expected-statuses": ["2xx", "3xx", "404", "409", "412", "422", "428"],
                },
                "negative_data_rejection": {"expected-statuses": REFUSED},
            },
            "operations": [
                {
                    "include-operation-id": LARGE,
                    "generation": quick,
                    "phases": {"coverage": {"enabled": False}},
                }
            ],
            "parameters": names,
        }
    )  # fmt: skip


def failures(api: Api, names: dict[str, str], examples: int) -> tuple[list[str], int]:
    """What is wrong, and how many requests were made."""
    wanted = config(api.token(), names, examples)
    schema = schemathesis.from_wsgi("/api/v1/openapi.json", api.office.app, config=wanted)
    found, asked = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(f"{getattr(event, 'label', '')}: {event}")
        if not isinstance(event, events.ScenarioFinished):
            continue
        recorder = event.recorder
        asked += len(recorder.interactions)
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.status is Status.FAILURE and check.failure_info is not None:
                    sent = recorder.interactions[case_id].request
                    why = check.failure_info.failure
                    found.append(f"{recorder.label}: {check.name}: {why.title} {why.message}\n"
                                 f"    {sent.method} {sent.uri} {sent.body!r}")  # fmt: skip
    return found, asked


def test_every_answer_is_as_documented(api: Api) -> None:
    found, asked = failures(api, THERE, EXAMPLES or 3)
    assert found == []
    assert asked > 150


@pytest.mark.skipif(not EXAMPLES, reason="BELLWIRE_API_EXAMPLES is not set")
def test_invented_names_change_nothing_of_that(api: Api) -> None:
    found, _ = failures(api, {}, EXAMPLES)
    assert found == []
