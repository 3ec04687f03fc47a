"""Incidents: open and over, one of them, acknowledging, maintenance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from monitors.status import State
from monitors.store.incident_pages import incident_of
from monitors.store.maintenance import windows_of
from provisioner.inventory.tables import AuditRow
from tests.integration.judged_site import WELL, evidence, judge
from tests.people import NOON, Office, post
from tests.technician import HUNG, RECOVERED, SITE, aurora
from web.pages.hotel import incidents

PAGE = f"/ui/sites/{SITE}/incidents"


@pytest.fixture
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with aurora(tmp_path_factory.mktemp("hotel")) as made:
        yield made


def audit(hotel: Office) -> list[tuple[str, str, str]]:
    with hotel.installation.database.read() as session:
        rows = session.execute(select(AuditRow.action, AuditRow.target, AuditRow.who))
        return [tuple(row) for row in rows]  # type: ignore[misc]


def test_open_ones_and_what_is_over(hotel: Office) -> None:
    page = hotel.client("maria").get(PAGE).text
    assert "4 open incidents" in page
    assert len(re.findall(r"<article", page)) == 4
    over = page[page.index('id="past"') :]
    assert "Room 104 bedside" in over
    assert "works again" in over


def test_the_past_is_turned_page_by_page(hotel: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "PER_PAGE", 3)
    bad = {**WELL, "registration": "none", "options": "silent"}
    for n in range(4):
        at = NOON + timedelta(hours=n + 1)
        judge(hotel.installation, SITE, {RECOVERED: (State.DOWN, evidence(bad))}, at)
        again = at + timedelta(minutes=30)
        judge(hotel.installation, SITE, {RECOVERED: (State.WORKING, evidence(WELL))}, again)
    hotel.clock.move(days=3)
    client = hotel.client("lucia")
    first = client.get(PAGE).text
    older = re.search(r'href="([^"]+before=\d+)"', first)
    assert older
    second = client.get(older[1]).text
    numbers = [re.findall(rf'href="{PAGE}/(\d+)">The', page) for page in (first, second)]
    ours = [n for some in numbers for n in some]
    assert len(ours) == len(set(ours)) == 5
    assert "<article" not in second
    for wrong in ("x", "-1", "9" * 30):
        assert client.get(f"{PAGE}?before={wrong}").status_code == 200


def test_one_incident_with_its_evidence_and_timeline(hotel: Office) -> None:
    page = hotel.client("maria").get(f"{PAGE}/3").text
    for text in ("Incident 3", "does not answer bellwire any more", "answer to a direct check",
                 "opened:", f"/phones/{HUNG}", "I see to it"):  # fmt: skip
        assert text in page
    over = hotel.client("maria").get(f"{PAGE}/1").text
    assert "works again" in over
    assert "I see to it" not in over
    assert "How that is known" not in over


def test_the_incident_of_a_group_lists_its_phones(hotel: Office) -> None:
    found = hotel.client("lucia").get(PAGE).text
    number = re.search(r'incident-(\d+)">sw-floor-3', found)
    assert number
    page = hotel.client("lucia").get(f"{PAGE}/{number[1]}").text
    assert len(re.findall(r"Room 30\d bedside", page)) == 8
    assert "8 phones" in page


def test_acknowledging_with_a_note(hotel: Office) -> None:
    client = hotel.client("maria")
    answer = post(client, f"{PAGE}/3/acknowledge", {"note": "on my way"})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "maria sees to it" in page
    assert "on my way" in page
    found = incident_of(hotel.installation.monitoring, 3)
    assert found
    assert found.acknowledged_by == "web:maria"
    assert ("acknowledge", "incident 3", "web:maria") in audit(hotel)
    again = post(client, f"{PAGE}/3/acknowledge")
    assert "maria sees to it already" in client.get(again.location).text
    over = post(client, f"{PAGE}/1/acknowledge")
    assert "It is over already" in client.get(over.location).text


def test_a_note_that_is_too_long_is_refused(hotel: Office) -> None:
    answer = post(hotel.client("maria"), f"{PAGE}/3/acknowledge", {"note": "x" * 401})
    assert answer.status_code == 422
    assert "At most 400 characters" in answer.text
    found = incident_of(hotel.installation.monitoring, 3)
    assert found
    assert found.acknowledged_at is None


def test_maintenance_is_begun_and_ended(hotel: Office) -> None:
    client = hotel.client("maria")
    values = {"minutes": "60", "what": "101, spa", "reason": "new sockets"}
    assert post(client, f"/ui/sites/{SITE}/maintenance", values).status_code == 303
    (kept,) = windows_of(hotel.installation.monitoring, SITE, NOON)
    assert (kept.window.rooms, kept.window.end) == ({"101", "spa"}, NOON + timedelta(hours=1))
    assert kept.who == "web:maria"
    page = client.get(PAGE).text
    assert "101, spa" in page
    assert "new sockets" in page
    ended = post(client, f"/ui/sites/{SITE}/maintenance/{kept.id}/end")
    assert ended.status_code == 303
    assert windows_of(hotel.installation.monitoring, SITE, NOON) == ()
    actions = [action for action, _, who in audit(hotel) if who == "web:maria"]
    assert actions[-2:] == ["maintenance-start", "maintenance-end"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"what": "101, 999"}, "There is no room or switch 999."),
        ({"what": "switch nowhere"}, "There is no room or switch switch nowhere."),
        ({"minutes": "7"}, "Choose one of these."),
        ({"reason": "x" * 201}, "At most 200 characters"),
    ],
)
def test_maintenance_of_what_is_not_there(hotel: Office, values: dict[str, str], text: str) -> None:
    answer = post(hotel.client("maria"), f"/ui/sites/{SITE}/maintenance", values)
    assert answer.status_code == 422
    assert text in answer.text
    assert windows_of(hotel.installation.monitoring, SITE, NOON) == ()


def test_the_whole_site(hotel: Office) -> None:
    assert post(hotel.client("maria"), f"/ui/sites/{SITE}/maintenance").status_code == 303
    (kept,) = windows_of(hotel.installation.monitoring, SITE, NOON)
    assert kept.window.rooms == kept.window.switches == frozenset()


def test_roles_and_foreign_sites(hotel: Office) -> None:
    posts = (f"{PAGE}/3/acknowledge", f"/ui/sites/{SITE}/maintenance",
             f"/ui/sites/{SITE}/maintenance/1/end")  # fmt: skip
    for path in posts:
        assert post(hotel.client("lucia"), path).status_code == 403
        assert post(hotel.client("ivan"), path).status_code == 404
    assert hotel.client("lucia").get(PAGE).status_code == 200
    assert "Begin maintenance" not in hotel.client("lucia").get(PAGE).text
    for path in (PAGE, f"{PAGE}/3"):
        assert hotel.client("ivan").get(path).status_code == 404
    # an incident of another site is not there, whatever site the address names
    assert hotel.client("ivan").get("/ui/sites/casa/incidents/3").status_code == 404
    assert post(hotel.client("ivan"), "/ui/sites/casa/incidents/3/acknowledge").status_code == 404
    assert hotel.client("maria").get(f"{PAGE}/99").status_code == 404
    assert hotel.client("maria").get(f"{PAGE}/{10**30}").status_code == 404
    assert post(hotel.client("maria"), f"/ui/sites/{SITE}/maintenance/99/end").status_code == 404
