"""A change that goes to the phones in stages: phones fetch through the real delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from monitors.status import State, Status
from monitors.store.statuses import KeptStatus, keep_statuses, statuses_of
from provisioner.config import read_settings
from provisioner.delivery import Delivery, utc_now
from provisioner.edits.documents import room_document
from provisioner.edits.edit import Edit, EditError
from provisioner.edits.rollout import Member, Policy, Standing, advance, standing
from provisioner.edits.rollout import State as Stand
from provisioner.edits.stage_desk import StageDesk
from provisioner.edits.whole import apply_whole
from provisioner.errors import InventoryError
from provisioner.filestore.rollout import Step
from provisioner.identify import FetchRequest
from provisioner.inventory.fetches import Recorder
from provisioner.inventory.stamp import read_stamp
from provisioner.inventory.tables import AuditRow, PhoneRow, RenderedRow
from provisioner.mac import MacAddress
from tests.integration.servers import many_rooms
from tests.people import blank_folder
from web.installation import Installation, opened
from web.rotation import reseal_everything
from web.staging import move_stages, stage_desk

POLICY = Policy(settle_minutes=0)
EDIT = Edit("big", head={"sip": {"registrar": "new.example", "expires_s": 345}})


@dataclass
class Hotel:
    """A hotel of 12 phones: five models, rooms 0 to 7 on floor 1, the others on floor 2."""

    installation: Installation
    delivery: Delivery
    recorder: Recorder
    macs: list[str] = field(default_factory=list)
    now: datetime = field(default_factory=utc_now)

    @property
    def stages(self) -> StageDesk:
        return stage_desk(self.installation)

    def render(self) -> None:
        while self.installation.press.render_marked():
            pass

    def fetch(self, *macs: str) -> None:
        """Let phones take their files, as after a restart."""
        for mac in macs:
            with self.installation.database.read() as session:
                kit = self.installation.press.kit(session, MacAddress(mac))
                names = session.scalars(select(RenderedRow.name).where(RenderedRow.mac == mac))
                token = kit.secrets.token.get_secret_value()
                paths = [f"/p/{token}/{name}" for name in names]
            for path in paths:
                answer = self.delivery.answer(FetchRequest("http", path, "127.0.0.1"))
                assert answer.body
        self.recorder.flush()

    def judge(self, state: State, *macs: str) -> None:
        """Let the monitor have judged phones now."""
        before = statuses_of(self.installation.monitoring, macs)
        kept = []
        for mac in macs:
            made_from = before[mac].judged_at if mac in before else None
            kept.append(KeptStatus(mac, "big", Status(state, self.now, "x"), "certain",
                                   self.now, made_from=made_from))  # fmt: skip
        assert len(keep_statuses(self.installation.monitoring, kept)) == len(macs)

    def step(self, **later: float) -> None:
        self.now = max(self.now, utc_now()) + timedelta(**later)
        move_stages(self.installation, self.now)

    def new_ones(self) -> set[str]:
        """The phones whose files name the new registrar."""
        found = set()
        with self.installation.database.read() as session:
            for row in session.scalars(select(RenderedRow)):
                if b"new.example" in self.installation.box.open_body(row.body):
                    found.add(row.mac)
        return found

    def standing(self) -> tuple[Stand, int, str]:
        found = self.stages.shown("big")
        assert found is not None
        return found[0].state, found[0].stage, found[0].reason

    def actions(self) -> list[str]:
        with self.installation.database.read() as session:
            query = select(AuditRow.action).where(AuditRow.action.startswith("stage-"))
            return list(session.scalars(query.order_by(AuditRow.id)))

    def begin(self, policy: Policy = POLICY) -> int:
        return self.stages.begin(EDIT, policy, "web:maria", "a new PBX", utc_now())


@pytest.fixture
def hotel(tmp_path: Path) -> Iterator[Hotel]:
    with opened(read_settings(data=blank_folder(tmp_path))) as installation:
        site = many_rooms(12, "http://127.0.0.1:8080")
        for number, room in enumerate(site["rooms"]):
            room["floor"] = "1" if number < 8 else "2"
        site["sip"] = {"registrar": "old.example", "expires_s": 345}
        file = tmp_path / "site.yaml"
        file.write_text(yaml.safe_dump({"sites": [site]}))
        applier = installation.applier
        applier.apply(applier.read([file])[0], who="test")
        recorder = installation.recorder()
        delivery = installation.delivery(recorder)
        made = Hotel(installation, delivery, recorder)
        with installation.database.read() as session:
            rows = session.execute(select(PhoneRow.room_id, PhoneRow.mac))
            made.macs = [mac for _, mac in sorted((int(room[1:]), mac) for room, mac in rows)]
        made.render()
        yield made
        delivery.close()


def test_first_a_room_of_each_model_then_the_floor_then_all(hotel: Hotel) -> None:
    hotel.judge(State.WORKING, *hotel.macs)
    hotel.begin()
    hotel.render()
    first, floor, rest = hotel.macs[:5], hotel.macs[5:8], hotel.macs[8:]
    assert hotel.new_ones() == set(first)
    hotel.step()
    assert hotel.standing() == (Stand.ACTIVE, 0, "")
    hotel.fetch(*first)
    hotel.step()  # they have fetched, and are not judged since
    assert hotel.standing()[1] == 0
    hotel.judge(State.WORKING, *first)
    hotel.step()
    assert hotel.standing() == (Stand.ACTIVE, 1, "")
    hotel.render()
    assert hotel.new_ones() == {*first, *floor}
    for some in (floor, rest):
        hotel.fetch(*some)
        hotel.step()
        hotel.judge(State.WORKING, *some)
        hotel.step()
        hotel.render()
    assert hotel.standing()[0] is Stand.DONE
    assert hotel.new_ones() == set(hotel.macs)
    (entry,) = hotel.installation.edits.history("big")
    assert (entry.who, entry.note, entry.affected) == ("web:maria", "a new PBX", 12)
    assert hotel.actions() == ["stage-begin", "stage-next", "stage-next"]
    with hotel.installation.database.read() as session:
        versions = set(session.scalars(select(RenderedRow.version)))
    hotel.installation.edits.undo(entry.id, who="web:maria")
    hotel.render()
    assert hotel.new_ones() == set()
    assert versions


def test_it_stops_by_itself_when_phones_do_not_come_back(hotel: Hotel) -> None:
    hotel.judge(State.WORKING, *hotel.macs)
    number = hotel.begin()
    hotel.render()
    first = hotel.macs[:5]
    hotel.fetch(*first)
    hotel.step()
    hotel.judge(State.WORKING, first[0], first[1])
    hotel.judge(State.DOWN, *first[2:])
    hotel.step(minutes=14)
    assert hotel.standing()[0] is Stand.ACTIVE
    hotel.step(minutes=2)
    state, stage, reason = hotel.standing()
    assert (state, stage) == (Stand.STOPPED, 0)
    assert reason.startswith("3 phones have not come back within 15 minutes: ")
    assert hotel.new_ones() == set(first)  # they keep what they have until somebody decides
    hotel.step(minutes=60)
    assert hotel.standing()[0] is Stand.STOPPED
    assert hotel.stages.take_back(number, "web:maria", hotel.now) == 5
    hotel.render()
    assert hotel.new_ones() == set()
    assert hotel.standing()[0] is Stand.WITHDRAWN
    with pytest.raises(InventoryError, match="withdrawn"):
        hotel.stages.resume(number, "web:maria", hotel.now)
    hotel.installation.edits.apply(EDIT, who="web:maria")  # now it may be saved at once


def test_a_stop_takes_everything_back_where_that_was_asked_for(hotel: Hotel) -> None:
    hotel.begin(Policy(take_back=True))
    hotel.render()
    hotel.step(minutes=16)
    hotel.render()
    assert hotel.standing()[0] is Stand.WITHDRAWN
    assert hotel.new_ones() == set()
    assert hotel.actions() == ["stage-begin", "stage-stop", "stage-back"]


def test_a_phone_that_was_down_is_not_waited_for(hotel: Hotel) -> None:
    hotel.judge(State.DOWN, *hotel.macs[:2])
    hotel.begin()
    hotel.render()
    hotel.fetch(*hotel.macs[2:5])
    hotel.step()
    assert hotel.standing() == (Stand.ACTIVE, 1, "")


def test_it_is_paused_taken_up_again_and_hurried(hotel: Hotel) -> None:
    number = hotel.begin()
    hotel.stages.pause(number, "web:maria", hotel.now)
    hotel.step(hours=5)
    assert hotel.standing()[0] is Stand.PAUSED
    hotel.stages.resume(number, "web:maria", hotel.now, skip=True)
    assert hotel.standing() == (Stand.ACTIVE, 1, "")
    for _ in range(2):
        hotel.stages.pause(number, "web:maria", hotel.now)
        hotel.stages.resume(number, "web:maria", hotel.now, skip=True)
    assert hotel.standing()[0] is Stand.DONE
    with pytest.raises(InventoryError, match="done"):
        hotel.stages.pause(number, "web:maria", hotel.now)


def test_other_edits_of_the_head_are_refused_meanwhile(hotel: Hotel) -> None:
    number = hotel.begin()
    edits = hotel.installation.edits
    for refused in (
        lambda: edits.apply(Edit("big", head={"name": "Other"}), who="x"),
        lambda: edits.preview(Edit("big", head={"name": "Other"})),
        hotel.begin,
    ):
        with pytest.raises(EditError, match="rolled out in stages"):
            refused()
    edits.apply(Edit("big", remove_rooms=("r0",)), who="x")  # rooms go on
    hotel.stages.take_back(number, "x", hotel.now)
    edits.apply(Edit("big", head={"name": "Other"}), who="x")


def test_a_head_that_was_changed_by_a_file_is_not_overwritten(hotel: Hotel) -> None:
    number = hotel.begin()
    applier = hotel.installation.applier
    file = hotel.installation.settings.data.parent / "site.yaml"
    site = yaml.safe_load(file.read_text())["sites"][0]
    file.write_text(yaml.safe_dump({"sites": [{**site, "name": "By file"}]}))
    applier.apply(applier.read([file])[0], who="cli")
    for _ in range(3):
        hotel.stages.pause(number, "x", hotel.now)
        hotel.stages.resume(number, "x", hotel.now, skip=True)
    state, _, reason = hotel.standing()
    assert state is Stand.STOPPED
    assert "changed meanwhile" in reason


def test_a_preset_in_stages_and_a_new_key(hotel: Hotel) -> None:
    templates = {"guest-room": {"positions": [{"id": "bedside", "preset": "quiet"}]}}
    presets = {"quiet": {"settings": {"access": {"user_password": "Quiet-Secret-1"}}}}
    edit = Edit("big", head={"presets": presets, "room_templates": templates})
    number = hotel.stages.begin(edit, POLICY, "web:maria", "", utc_now())
    first = hotel.macs[0]
    with hotel.installation.database.read() as session:
        kit = hotel.installation.press.kit(session, MacAddress(first))
        other = hotel.installation.press.kit(session, MacAddress(hotel.macs[-1]))
        assert read_stamp(session)
    assert kit.phone.preset == "quiet"
    assert other.phone.preset == "guest-room"
    assert b"Quiet-Secret-1" not in b"".join(
        f.read_bytes() for f in hotel.installation.settings.data.glob("*.db*")
    )
    reseal_everything(hotel.installation.settings)
    with opened(hotel.installation.settings) as again:
        stage_desk(again).pause(number, "x", hotel.now)
        for _ in range(3):
            stage_desk(again).resume(number, "x", hotel.now, skip=True)
            if stage_desk(again).shown("big")[0].state is Stand.ACTIVE:  # type: ignore[index]
                stage_desk(again).pause(number, "x", hotel.now)
        with again.database.read() as session:
            assert set(session.scalars(select(PhoneRow.preset))) == {"quiet"}


# what else is changed meanwhile


def room_of(hotel: Hotel, name: str) -> dict[str, Any]:
    here = hotel.installation
    with here.database.read() as session:
        return room_document(session, here.box, "big", name, here.catalogue)


def edited(hotel: Hotel, room: str, **parts: Any) -> int:
    document = {**room_of(hotel, room), **parts}
    return hotel.installation.edits.apply(Edit("big", rooms=(document,)), who="ivan").change


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_stop_leaves_what_was_edited_meanwhile(hotel: Hotel, by_itself: bool) -> None:
    number = hotel.begin(Policy(take_back=by_itself))
    hotel.render()
    phones = room_of(hotel, "r0")["phones"]
    other = {"settings": {"screen": {"backlight_s": 77}}}
    position = next(iter(phones))
    change = edited(hotel, "r0", name="Suite", phones={position: {**phones[position], **other}})
    edited(hotel, "r9", name="Attic")
    written = room_of(hotel, "r0")
    hotel.render()
    assert hotel.macs[0] in hotel.new_ones()  # it has the new head and the new room
    if by_itself:
        hotel.step(minutes=16)
    else:
        hotel.stages.take_back(number, "web:maria", hotel.now)
    hotel.render()
    assert hotel.standing()[0] is Stand.WITHDRAWN
    assert hotel.new_ones() == set()
    assert room_of(hotel, "r0") == written
    assert room_of(hotel, "r9")["name"] == "Attic"
    with hotel.installation.database.read() as session:
        phone = session.get_one(PhoneRow, hotel.macs[0])
        assert phone.settings == {"screen": {"backlight_s": 77}}
    hotel.installation.edits.undo(change, who="ivan")  # the history is not in the way either
    assert room_of(hotel, "r0").get("name") != "Suite"


def test_a_preset_chosen_meanwhile_counts_from_then_on(hotel: Hotel) -> None:
    templates = {"guest-room": {"positions": [{"id": "bedside", "preset": "quiet"}]}}
    edit = Edit("big", head={"presets": {"quiet": {}}, "room_templates": templates})
    number = hotel.stages.begin(edit, POLICY, "web:maria", "", utc_now())
    phones = room_of(hotel, "r0")["phones"]
    chosen = {"bedside": {**phones["bedside"], "preset": "bathroom"}}
    edited(hotel, "r0", phones=chosen)

    def presets() -> list[str]:
        with hotel.installation.database.read() as session:
            return [
                hotel.installation.press.kit(session, MacAddress(mac)).phone.preset
                for mac in hotel.macs[:2]
            ]

    assert presets() == ["bathroom", "quiet"]
    for _ in range(3):
        hotel.stages.pause(number, "x", hotel.now)
        hotel.stages.resume(number, "x", hotel.now, skip=True)
    assert hotel.standing()[0] is Stand.DONE
    assert presets() == ["bathroom", "quiet"]


def test_a_phone_that_is_replaced_meanwhile_is_not_waited_for(hotel: Hotel) -> None:
    hotel.begin()
    hotel.render()
    gone, others = hotel.macs[0], hotel.macs[1:5]
    edits = hotel.installation.edits
    edits.apply(edits.replacement(MacAddress(gone), MacAddress("0c383effff01")), who="ivan")
    hotel.render()
    hotel.fetch(*others)
    hotel.step()
    hotel.step()
    assert hotel.standing() == (Stand.ACTIVE, 1, "")
    assert "0c383effff01" not in hotel.new_ones()  # it comes with the rest


def test_a_room_that_needs_what_the_new_head_drops_stops_it_with_a_sentence(hotel: Hotel) -> None:
    edits = hotel.installation.edits
    edits.apply(Edit("big", head={"presets": {"vip": {}}}), who="maria")
    head = {"presets": None, "sip": {"registrar": "new.example"}}
    number = hotel.stages.begin(Edit("big", head=head), POLICY, "web:maria", "", utc_now())
    phones = room_of(hotel, "r11")["phones"]
    position = next(iter(phones))
    edited(hotel, "r11", phones={position: {**phones[position], "preset": "vip"}})
    for _ in range(3):
        hotel.stages.pause(number, "x", hotel.now)
        hotel.stages.resume(number, "x", hotel.now, skip=True)
    state, _, reason = hotel.standing()
    assert state is Stand.STOPPED
    assert f"vip is still used by {position} of room r11" in reason
    hotel.stages.take_back(number, "x", hotel.now)
    hotel.render()
    assert hotel.new_ones() == set()
    assert room_of(hotel, "r11")["phones"][position]["preset"] == "vip"


def test_neither_an_undo_nor_a_file_changes_the_head_meanwhile(hotel: Hotel) -> None:
    edits, applier = hotel.installation.edits, hotel.installation.applier
    first = edits.apply(Edit("big", head={"name": "Before"}), who="maria").change
    hotel.begin()
    with pytest.raises(EditError, match="rolled out in stages"):
        edits.undo(first, who="maria")
    file = hotel.installation.settings.data.parent / "site.yaml"
    site = yaml.safe_load(file.read_text())["sites"][0]
    site["name"] = "Before"
    site["rooms"][0]["name"] = "By file"
    file.write_text(yaml.safe_dump({"sites": [site]}))
    apply_whole(applier, applier.read([file])[0], who="cli")  # rooms go on by file too
    file.write_text(yaml.safe_dump({"sites": [{**site, "name": "By file"}]}))
    with pytest.raises(EditError, match="let it end, or take it back first"):
        apply_whole(applier, applier.read([file])[0], who="cli")
    assert hotel.standing()[0] is Stand.ACTIVE


# decisions


@pytest.mark.parametrize(
    ("phones", "may"), [(1, 0), (2, 0), (3, 1), (5, 1), (10, 2), (75, 15), (0, 0)]
)
def test_how_many_may_stay_away(phones: int, may: int) -> None:
    assert Policy().may_miss(phones) == may


def test_steps() -> None:
    now = utc_now()
    waiting = [Member(f"{n}", 0, Standing.WAITING) for n in range(3)]
    back = [Member(f"b{n}", 0, Standing.BACK) for n in range(3)]
    policy, late = Policy(), now + timedelta(minutes=15)
    assert advance(0, 2, now, waiting, policy, now).step is Step.WAIT
    assert advance(0, 2, now, back, policy, now).step is Step.NEXT
    assert advance(1, 2, now, [], policy, now).step is Step.DONE
    assert advance(0, 2, now, waiting, policy, late).step is Step.STOP
    assert advance(0, 2, now, [*back, waiting[0]], policy, late).step is Step.NEXT


@pytest.mark.parametrize(
    ("before", "fetched", "back", "how"),
    [
        ("working", False, False, Standing.WAITING), ("working", True, False, Standing.FETCHED),
        ("working", True, True, Standing.BACK), ("", True, False, Standing.BACK),
        ("", False, False, Standing.WAITING), ("down", False, False, Standing.AWAY),
        ("down", True, False, Standing.BACK),
    ],
)  # fmt: skip
def test_standings(before: str, fetched: bool, back: bool, how: Standing) -> None:
    values = {"before": before, "fetched": fetched, "back": back}
    assert standing(released=True, same=False, **values) is how  # type: ignore[arg-type]
    assert standing(released=True, same=True, **values) is Standing.SAME  # type: ignore[arg-type]
    assert standing(released=False, same=False, **values) is Standing.LATER  # type: ignore[arg-type]
