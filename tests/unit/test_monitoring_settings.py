"""How a site is watched: the part ``monitoring`` of a site file, and back from the database."""

from __future__ import annotations

import json
from datetime import datetime, time
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner.errors import SiteFileError
from provisioner.inventory.monitoring import (
    MONITORING_SECRETS,
    Maintenance,
    Monitoring,
    monitoring_of,
    monitoring_values,
)
from provisioner.inventory.monitoring_shape import FileMonitoring
from provisioner.inventory.site_file import parse_site_file, schema
from provisioner.secrets import Box, open_box

HEAD = """\
sites:
  - id: aurora
    name: Hotel Aurora
    url: http://prov.example
    monitoring:
"""
ALL = """\
      misses: 3
      successes: 1
      reopen_s: 0
      quiet_hours: {start: 23:30, end: 06:00, except_presets: [suite], except_positions: [desk]}
      reminders_h: [4, 1, 4]
      digest_at: null
      language: es
      email: {to: [it@aurora.example, night@aurora.example]}
      webhook: {url: !env HOOK_URL, secret: !env HOOK_SECRET}
      maintenance:
        - {start: 2026-12-01 22:00, end: 2026-12-02 05:00, rooms: [214, "215"], reason: painters}
        - {start: 2026-12-05 22:00, end: 2026-12-05 23:00, switches: [sw-2]}
"""
WANTED = Monitoring(
    misses=3,
    successes=1,
    reopen_s=0,
    quiet_start=time(23, 30),
    quiet_end=time(6),
    urgent_presets=("suite",),
    urgent_positions=("desk",),
    reminders_h=(1, 4),
    digest_at=None,
    language="es",
    email_to=("it@aurora.example", "night@aurora.example"),
    webhook_url=SecretStr("https://hooks.example/T0/key"),
    webhook_secret=SecretStr("0123456789abcdef"),
    maintenance=(
        Maintenance(
            datetime.fromisoformat("2026-12-01 22:00"),
            datetime.fromisoformat("2026-12-02 05:00"),
            ("214", "215"),
            (),
            "painters",
        ),
        Maintenance(
            datetime.fromisoformat("2026-12-05 22:00"),
            datetime.fromisoformat("2026-12-05 23:00"),
            (),
            ("sw-2",),
        ),
    ),
)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return open_box(tmp_path / "secret.key")


def test_everything_that_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_URL", "https://hooks.example/T0/key")
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")
    (site,) = parse_site_file("a.yaml", HEAD + ALL).content.sites
    assert site.monitoring.record() == WANTED
    assert "hooks.example" not in repr(site)


def test_what_is_not_written_keeps_its_default() -> None:
    assert FileMonitoring().record() == Monitoring()
    (site,) = parse_site_file("a.yaml", HEAD + "      quiet_hours: null\n").content.sites
    record = site.monitoring.record()
    assert record.quiet_start == record.quiet_end


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("misses: 0", "misses"),
        ("quiet_hours: {start: 7}", "quiet_hours.start"),
        ("quiet_hours: {start: '24:00'}", "quiet_hours.start"),
        ("digest_at: morning", "digest_at"),
        ("email: {to: []}", "email.to"),
        ("email: {to: [Ana <ana@x.example>]}", "email.to[0]"),
        ("email: {to: ['ana@x.example\\r\\nBcc: b@x.example']}", "email.to[0]"),
        ("webhook: {url: 'ftp://x'}", "webhook.url"),
        ("webhook: {url: 'https://x', secret: short}", "webhook.secret"),
        ("reminders_h: [0]", "reminders_h[0]"),
        ("maintenance: [{start: 2026-12-01, end: 2026-12-02 05:00}]", "maintenance[0].start"),
        ("maintenance: [{start: 2026-12-02 05:00, end: 2026-12-02 05:00}]", "maintenance[0]"),
        ("loud: true", "loud"),
    ],
)
def test_what_is_wrong_is_named(written: str, field: str) -> None:
    with pytest.raises(SiteFileError) as caught:
        parse_site_file("a.yaml", f"{HEAD}      {written}\n")
    assert caught.value.field == f"sites[0].monitoring.{field}"
    assert caught.value.line == 6


@pytest.mark.parametrize("record", [Monitoring(), WANTED], ids=["default", "all"])
def test_to_the_database_and_back(box: Box, record: Monitoring) -> None:
    stored = json.loads(json.dumps(monitoring_values(record, box)))
    assert monitoring_of(stored, box) == record
    assert "hooks.example" not in json.dumps(stored)
    assert set(MONITORING_SECRETS) <= set(stored)


def test_an_older_row_has_the_defaults(box: Box) -> None:
    assert monitoring_of({}, box) == Monitoring()


def test_the_schema_can_be_written() -> None:
    assert "FileMonitoring" in json.dumps(schema())


def test_what_the_page_shows_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_URL", "https://hooks.example/T0/key")
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")
    page = (Path(__file__).resolve().parents[2] / "docs" / "monitoring.md").read_text("utf-8")
    shown = next(b for b in page.split("```") if b.startswith("yaml\n    monitoring:"))
    (site,) = parse_site_file("a.yaml", HEAD + shown.partition("monitoring:\n")[2]).content.sites
    assert site.monitoring.email is not None
    assert len(site.monitoring.maintenance) == 1
