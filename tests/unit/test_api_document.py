"""The OpenAPI document: complete, valid, and true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitors.signals import SwitchState
from monitors.switches.reading import PortReading, SwitchReading
from tests.api import BEDSIDE, Api, hotel, keep_incident
from tests.people import NOON
from tests.unit.test_api_access import ASKED, NAMES, filled
from web.api.answering import ROOT
from web.api.blueprint import ROUTES
from web.api.openapi import document
from web.api.operation import Document, Operation
from web.api.paths import NAMES as KNOWN
from web.api.shapes import health as shapes
from web.api.shapes.network import Port, PortNeighbour
from web.api.table import OPERATIONS, TAGS
from web.overview.diagnosis import read_diagnoses
from web.overview.json_form import (
    diagnosis_json,
    incident_json,
    phone_json,
    site_json,
    timeline_json,
    window_json,
)
from web.overview.phones import site_overview
from web.overview.reading import read_sites
from web.overview.switch_ports import port_row
from web.overview.values import WindowView

TOP = Path(__file__).resolve().parents[2]
jsonschema_rs = pytest.importorskip("jsonschema_rs")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with hotel(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture(scope="module")
def told(api: Api) -> Any:
    return api.json("/openapi.json")


def test_it_is_what_is_made_from_the_table(told: Any) -> None:
    assert told == json.loads(json.dumps(document(OPERATIONS, told["info"]["version"], TAGS)))
    assert told["openapi"] == "3.1.0"


def test_every_route_is_in_it_and_nothing_else(api: Api, told: Any) -> None:
    documented = {(p, m.upper()) for p, some in told["paths"].items() for m in some}
    assert documented == {(o.path, o.method) for o in OPERATIONS}
    assert len(documented) == len(OPERATIONS)
    rules = [r.rule for r in api.office.app.url_map.iter_rules() if r.rule.startswith(ROOT)]
    assert sorted(rules) == [ROOT, f"{ROOT}/<path:path>"]
    for operation in OPERATIONS:
        found, names = ROUTES.find(operation.method, filled(operation).removeprefix("/"))
        assert found is operation
        assert set(names) == set(operation.names)


def test_names_are_given_once_and_known() -> None:
    ids = [operation.id for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)
    assert {name for o in OPERATIONS for name in o.names} <= set(KNOWN)
    assert {o.tag for o in OPERATIONS} == set(TAGS)


def test_every_operation_says_what_it_is() -> None:
    for operation in OPERATIONS:
        assert operation.summary, operation.id
        assert not operation.summary.endswith("."), operation.id
        assert operation.handler.__doc__, operation.id


def test_its_schemas_are_valid(told: Any) -> None:
    for name, schema in told["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        assert schema.get("description") or schema.get("type") != "object" or name, name


def test_all_its_references_lead_somewhere(told: Any) -> None:
    def refs(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for inner in value.values():
                yield from refs(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from refs(inner)

    used = set(refs(told))
    for ref in used:
        found = told
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]
    schemas = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert schemas - used == set()


def answers_of(told: Any, operation: Operation, status: int) -> Any:
    described = told["paths"][operation.path][operation.method.lower()]["responses"][str(status)]
    if "$ref" in described:
        described = told["components"]["responses"][described["$ref"].rpartition("/")[2]]
    return described


def check(told: Any, operation: Operation, answer: Any) -> None:
    """An answer is one that the document knows, of the shape it gives."""
    described = answers_of(told, operation, answer.status_code)
    if "content" not in described:
        assert answer.data == b""
        return
    schema = described["content"][answer.mimetype]["schema"]
    whole = {**schema, "components": told["components"]}
    errors = [e.message for e in jsonschema_rs.validator_for(whole).iter_errors(answer.json)]
    assert errors == [], operation.id


def test_every_reading_answers_as_documented(api: Api, told: Any) -> None:
    for operation in OPERATIONS:
        if operation.method == "GET":
            answer = api.get(filled(operation) + ASKED.get(operation.id, ""))
            assert answer.status_code in {200, 404}, operation.id
            check(told, operation, answer)
            if operation.has_etag:
                assert answer.headers["ETag"]


def test_every_error_is_documented(api: Api, told: Any) -> None:
    for operation in OPERATIONS:
        if operation.scope is None:
            continue
        for answer in (
            api.office.app.test_client().open(ROOT + filled(operation), method=operation.method),
            api.ask(operation.method, filled(operation), scopes=["users"]),
            api.ask(operation.method, f"{filled(operation, user='nobody')}?nonsense=1"),
        ):
            check(told, operation, answer)


def test_answers_leave_nothing_out_of_what_the_command_line_says(api: Api) -> None:
    here = api.office.installation
    keep_incident(api)
    stored, _ = read_sites(here, None, "en", NOON)
    site = site_overview(stored, 60.0)
    (view,) = read_diagnoses(here, stored, [BEDSIDE.replace(":", "")])
    assert view.incident is not None
    window = WindowView(1, NOON, NOON, (), (), "", "")
    neighbour = {"mac": None, "ip": None, "name": None, "is_phone": True}
    for row, shape in (
        (phone_json(site.phones[0]), shapes.PhoneStatus),
        (site_json(site), shapes.SiteStatus),
        (incident_json(view.incident), shapes.IncidentEntry),
        (timeline_json(view.incident.timeline)[0], shapes.TimelineEntry),
        (window_json(window, "casa"), shapes.WindowEntry),
        (diagnosis_json(view), shapes.Diagnosis),
        (port_row(PortReading(), SwitchReading("sw", SwitchState.UP), bool), Port),
        (neighbour, PortNeighbour),
    ):
        assert set(row) == set(shape.model_fields), shape.__name__


def test_secrets_are_for_sending_only(told: Any) -> None:
    def passwords(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            if value.get("format") == "password":
                assert value["writeOnly"] is True, path
                yield path
            for name, inner in value.items():
                yield from passwords(inner, f"{path}/{name}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from passwords(inner, f"{path}/{number}")

    found = list(passwords(told["components"]["schemas"], ""))
    assert any("FileAccount/properties/secret" in path for path in found)


def test_documents_say_where_they_come_from() -> None:
    shapes_of = {o.body.shape.__name__ for o in OPERATIONS if isinstance(o.body, Document)}
    assert shapes_of == {
        "SiteHead", "FileContent", "FileRoom", "FileAccount", "PhoneDocument", "MergePatch"
    }  # fmt: skip


def test_the_page_for_people_lists_every_operation() -> None:
    page = (TOP / "docs" / "api.md").read_text(encoding="utf-8")
    for operation in OPERATIONS:
        assert f"| `{operation.method} {operation.path}` |" in page
    assert set(NAMES) == set(KNOWN)
