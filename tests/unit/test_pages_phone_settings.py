"""The settings and files of one phone: origins, setting at a layer, masking, revealing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from provisioner.edits.edit import Edit
from provisioner.edits.rollout import Policy
from provisioner.inventory.staged import StagedPhoneRow
from provisioner.inventory.tables import AuditRow, PhoneRow
from provisioner.mac import MacAddress
from provisioner.settings import PhoneSettings
from tests.integration.servers import BATHROOM, FANVIL, GIVEN_SECRET, YEALINK, small_site
from tests.people import NOON, Office, post
from tests.unit.test_edits import House, guest_room
from tests.unit.test_pages_change import SETTINGS, fields_of, furnished
from web.pages.change.phone_files import masked_like
from web.pages.change.phone_values import field_of
from web.staging import stage_desk

PHONE = f"/ui/sites/casa/phones/{FANVIL}"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Office]:
    with furnished(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same pages for all tests that change nothing."""
    with furnished(tmp_path_factory.mktemp("still")) as made:
        yield made


def test_every_setting_says_where_it_comes_from(still: Office) -> None:
    client = still.client("lucia")
    page = client.get(f"{PHONE}/settings").text
    assert re.search(r"sip.registrar</code>.*?pbx.casa.example.*?site casa", page, re.S)
    assert "sip.keepalive_s" not in page
    everything = client.get(f"{PHONE}/settings?all=yes").text
    assert "sip.keepalive_s" in everything
    assert "Top-Secret" not in everything
    one = client.get(f"{PHONE}/settings?setting=sip.expires_s").text
    assert "Who says what" in one
    assert "New value" not in one  # a viewer changes nothing


@pytest.mark.parametrize(
    ("layer", "reached"), [("phone", 1), ("room", 2), ("preset", 1), ("site", 5)]
)
def test_a_value_is_set_at_a_layer_and_taken_away(pages: Office, layer: str, reached: int) -> None:
    client = pages.client("maria")
    wish = {"setting": "sip.expires_s", "layer": layer, "value": "345"}
    preview = post(client, f"{PHONE}/settings", wish)
    assert preview.status_code == 200, preview.text
    words = "One phone may" if reached == 1 else f"{reached} phones may"
    assert words in preview.text
    save = {"draft": fields_of(preview.text)["draft"]}
    assert post(client, f"{SETTINGS}/save", save).status_code == 303
    page = client.get(f"{PHONE}/settings?setting=sip.expires_s").text
    assert 'value="345"' in page
    preview = post(client, f"{PHONE}/settings", {**wish, "remove": "yes"})
    save = {"draft": fields_of(preview.text)["draft"]}
    assert post(client, f"{SETTINGS}/save", save).status_code == 303
    page = client.get(f"{PHONE}/settings?setting=sip.expires_s").text
    assert 'value="345"' not in page


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"setting": "sip.expires_s", "value": "5"}, "greater than or equal to 60"),
        ({"setting": "sip.expires_s", "value": ""}, "This is needed"),
        ({"setting": "sip.expires_s", "value": "[1"}, "not YAML"),
        ({"setting": "locale.ntp_servers", "value": "!env PATH"}, "not allowed"),
        ({"setting": "access.admin_password", "value": ""}, "Write the new value"),
        ({"setting": "audio.codecs", "value": "- mp3"}, "g722"),
    ],
)
def test_a_value_that_cannot_be(still: Office, wish: dict[str, str], words: str) -> None:
    answer = post(still.client("maria"), f"{PHONE}/settings", {"layer": "phone", **wish})
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)


def test_a_secret_is_written_and_never_shown(pages: Office) -> None:
    client = pages.client("ivan")
    wish = {"setting": "access.user_password", "layer": "room", "value": "Fresh-Secret-1"}
    preview = post(client, f"{PHONE}/settings", wish)
    assert preview.status_code == 200
    assert "Fresh-Secret" not in preview.text
    draft = {"draft": fields_of(preview.text)["draft"]}
    assert post(client, f"{SETTINGS}/save", draft).status_code == 303
    page = client.get(f"{PHONE}/settings?setting=access.user_password").text
    assert "Fresh-Secret" not in page
    assert "room 101" in page
    (room,) = [room for room in House(pages.installation).held().rooms if room.id == "101"]
    assert room.settings == {"access": {"user_password": "Fresh-Secret-1"}}
    preview = post(client, f"{PHONE}/settings", {**wish, "remove": "yes"})
    draft = {"draft": fields_of(preview.text)["draft"]}
    post(client, f"{SETTINGS}/save", draft)
    (room,) = [room for room in House(pages.installation).held().rooms if room.id == "101"]
    assert room.settings == {}


def test_who_may_set_where(still: Office) -> None:
    wish = {"setting": "sip.expires_s", "value": "345"}
    ivan, lucia = still.client("ivan"), still.client("lucia")
    assert post(lucia, f"{PHONE}/settings", {**wish, "layer": "phone"}).status_code == 403
    for layer in ("preset", "site"):
        assert post(ivan, f"{PHONE}/settings", {**wish, "layer": layer}).status_code == 403
    assert post(ivan, f"{PHONE}/settings", {**wish, "layer": "moon"}).status_code == 404
    unknown = {"setting": "sip.nothing", "layer": "phone", "value": "1"}
    assert post(ivan, f"{PHONE}/settings", unknown).status_code == 404
    for page in ("settings", "files"):
        assert ivan.get(f"/ui/sites/norte/phones/{FANVIL}/{page}").status_code == 404
        assert ivan.get(f"/ui/sites/casa/phones/0c383e999999/{page}").status_code == 404
        assert ivan.get(f"/ui/sites/casa/phones/nonsense/{page}").status_code == 404
        assert ivan.get(f"/ui/sites/casa/phones/0C383E010101/{page}").status_code == 301


def test_all_settings_can_be_written(still: Office) -> None:
    with still.installation.database.read() as session:
        kit = still.installation.press.kit(session, MacAddress(FANVIL))
    kinds = {}
    for section, info in PhoneSettings.model_fields.items():
        inner = getattr(info.annotation, "model_fields", {})
        for name in inner:
            field = field_of(kit, f"{section}.{name}")
            if field is not None:
                kinds[field.name] = field.kind
    assert len(kinds) > 80
    assert kinds["sip.srtp"] == "choice"
    assert kinds["network.lldp"] == "bool"
    assert kinds["sip.port"] == "number"
    assert kinds["audio.codecs"] == "yaml"
    assert kinds["access.menu_pin"] == kinds["dect.pin"] == "secret"
    assert field_of(kit, "sip") is None
    assert field_of(kit, "nothing.at_all") is None


# files


def test_files_are_shown_without_secrets(pages: Office) -> None:
    while pages.installation.press.render_marked():
        pass
    for mac in (FANVIL, YEALINK, BATHROOM):
        page = pages.client("lucia").get(f"/ui/sites/casa/phones/{mac}/files").text
        assert f"{mac}.cfg" in page
        assert "********" in page
        assert GIVEN_SECRET not in page
        assert "Top-Secret" not in page
        assert "Show with its secrets" not in page


def test_an_administrator_sees_a_secret_and_the_log_says_so(pages: Office) -> None:
    while pages.installation.press.render_marked():
        pass
    path = f"/ui/sites/casa/phones/{YEALINK}/files"
    name = f"{YEALINK}.cfg"
    maria = pages.client("maria")
    assert post(pages.client("ivan"), path, {"name": name}).status_code == 403
    assert post(maria, path, {"name": "other.cfg"}).status_code == 404
    answer = post(maria, path, {"name": name})
    assert GIVEN_SECRET in answer.text
    with pages.installation.database.read() as session:
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert last is not None
    assert (last.who, last.action, last.detail) == ("web:maria", "file-reveal", name)
    assert GIVEN_SECRET not in maria.get(path).text


def test_what_is_pending_is_shown_and_old_secrets_stay_hidden(pages: Office) -> None:
    while pages.installation.press.render_marked():
        pass
    house = House(pages.installation)
    house.desk.apply(
        Edit("casa", head={"sip": {"registrar": "new.example", "expires_s": 345}},
             accounts=({"extension": "100", "name": "Front", "secret": "New-Secret-100"},)),
        who="test",
    )  # fmt: skip
    page = pages.client("maria").get(f"/ui/sites/casa/phones/{YEALINK}/files").text
    assert "about to be made anew" in page
    assert "+account.1.sip_server.1.address = new.example" in page
    assert GIVEN_SECRET not in page
    assert "New-Secret" not in page


def test_what_a_roll_out_will_bring_is_shown(pages: Office) -> None:
    House(pages.installation).desk.apply(Edit("casa", rooms=(guest_room("214"),)), who="test")
    while pages.installation.press.render_marked():
        pass
    edit = Edit("casa", head={"sip": {"registrar": "new.example"}})
    stage_desk(pages.installation).begin(edit, Policy(), "test", "", NOON)
    with pages.installation.database.read() as session:
        query = select(StagedPhoneRow.mac, StagedPhoneRow.released_at)
        released = {mac: at is not None for mac, at in session.execute(query)}
    while pages.installation.press.render_marked():
        pass
    client = pages.client("lucia")
    assert set(released.values()) == {True, False}
    for mac, is_new in released.items():
        page = client.get(f"/ui/sites/casa/phones/{mac}/files").text
        assert ("A roll-out in stages will bring" in page) is not is_new
        assert ("What will be different" in page) is not is_new
        assert "new.example" in page


def test_a_phone_that_cannot_be_rendered_says_why(pages: Office) -> None:
    with pages.installation.database.write() as session:
        session.execute(update(PhoneRow).where(PhoneRow.mac == FANVIL).values(preset="gone"))
    client = pages.client("maria")
    for page in ("settings", "files"):
        answer = client.get(f"{PHONE}/{page}")
        assert answer.status_code == 200
        assert "there is no preset" in answer.text
    assert small_site()["id"] == "casa"


def test_masking_like_a_rendering_of_today() -> None:
    masked = "a.user = 1\na.password = ********\n<x>\n<pw idx='1'>********</pw>\nb: 5"
    text = (
        "a.user = 2\na.password = old\na.other = hm\n<x>\n<pw idx='1'>old</pw>\n"
        "<pw idx='2'>older</pw>\nb: 6\n\nfree text"
    )
    assert masked_like(text, masked).splitlines() == [
        "a.user = 2", "a.password = ********", "a.other =********", "<x>", "<pw idx='1'>********</pw>",
        "<pw idx=********", "b: 6", "", "********",
    ]  # fmt: skip
