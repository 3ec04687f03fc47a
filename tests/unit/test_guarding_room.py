"""What a PBX has been told about the ends of calls costs no more than there is, at any moment."""

from __future__ import annotations

import math
import random
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitors.calls.rates import Rate, RateTable
from monitors.guarding.desk import CallDesk, OverRecord
from monitors.guarding.facts import SiteFacts
from monitors.guarding.room import Ends, Room
from provisioner.errors import PbxError
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Site
from provisioner.pbx.ami import AmiClient, AmiResponse

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ACCOUNTS = ("100", "110", "2214")
RATES = {
    "44": Rate("44", Decimal(60)),
    "33": Rate("33", Decimal(90), connection_fee=Decimal(1), first_s=5, step_s=5),
    "34": Rate("34", Decimal("0.60")),
}
NUMBERS = ("0044201234567", "0033123456789", "912345678")
OF_ACCOUNT, OF_SITE = Decimal(60), Decimal(90)


def desk_of(**limits: Any) -> CallDesk:
    free = dict.fromkeys(
        ("spend_day", "spend_month", "simultaneous", "international_hour", "international_day",
         "international_month")
    )  # fmt: skip
    written = {
        "account": {**free, **limits.get("account", {})}, "room": free,
        "site": limits.get("site", {}),
    }  # fmt: skip
    calls = FileCalls.model_validate({"pbx": {"trunk": "provider"}, "limits": written}).record()
    site = Site("aurora", "Aurora", "ES", "Europe/Madrid", calls=calls)
    return CallDesk(SiteFacts(site, frozenset(ACCOUNTS), {}, RateTable(RATES.values())))


@dataclass
class Line:
    """A call at the PBX; ``most_s`` is what it goes by once it is answered."""

    account: str
    number: str
    rate: Rate
    since_s: float
    most_s: float
    answered_s: float | None = None
    end_s: float = 0.0

    @property
    def worst(self) -> Decimal:
        """What it costs when nobody tells the PBX anything any more, and it is answered."""
        length_s = self.most_s if self.answered_s is None else self.end_s - self.answered_s
        return self.rate.cost(max(0, math.ceil(length_s - 0.01)))


@dataclass
class Pbx(AmiClient):
    """A PBX that does as it is told; nothing may ever be worth more than there is."""

    now: datetime = NOW
    lines: dict[str, Line] = field(default_factory=dict)
    gone: list[tuple[str, Decimal]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def action(self, name: str, **headers: Any) -> AmiResponse:
        self.told.append(name)
        call_id = headers.get("Channel", "").partition("/")[2]
        line = self.lines.get(call_id)
        if name != "Ping" and line is None:
            raise PbxError("pbx", "no such channel", permanent=True)
        if name == "Setvar" and line is not None:
            assert headers["Variable"] == f"SHARED(BW_MOST_{call_id})"
            line.most_s = float(headers["Value"])
        if name == "AbsoluteTimeout" and line is not None:
            line.end_s = self.now.timestamp() + float(headers["Timeout"])
        self.check(name)
        return AmiResponse("", {})

    def check(self, what: object) -> None:
        """If all ended here but the PBX: what every account, and the site, would have spent."""
        all_of = [*self.gone, *((line.account, line.worst) for line in self.lines.values())]
        for account in ACCOUNTS:
            assert sum(cost for who, cost in all_of if who == account) <= OF_ACCOUNT, what
        assert sum(cost for _, cost in all_of) <= OF_SITE, what


class Drill:
    """A guard and its PBX, of which the guard may be gone at any moment."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.pbx, self.room = Pbx(), Room()
        self.desk = desk_of(
            account={"spend_day": float(OF_ACCOUNT)}, site={"spend_day": float(OF_SITE)}
        )
        self.asked = self.let_out = 0

    def tell(self) -> Future[None]:
        self.room.want(self.desk.news(self.pbx.now))
        done = self.room.settled()
        self.room.tell(self.pbx, lambda: None, self.pbx.now.timestamp)
        return done

    def begin(self) -> None:
        self.asked += 1
        call_id, account = f"{self.asked}.1-1", self.chance.choice(ACCOUNTS)
        keyed = self.chance.choice(NUMBERS)
        said = self.desk.outgoing(call_id, account, keyed, self.pbx.now)
        if said["BW_VERDICT"] != "dial":
            return
        most_s, number = float(said["BW_MOST_S"]), said["BW_NUMBER"]
        self.room.begins(call_id, f"caller/{call_id}", most_s)
        assert self.tell().done(), "those that make room have been told"
        assert not self.room.is_behind
        self.let_out += 1
        rate = RATES[number[1:3]]
        self.pbx.lines[call_id] = Line(account, number, rate, self.pbx.now.timestamp(), most_s)
        self.pbx.check("begins")

    def answer(self, call_id: str) -> None:
        line, at_s = self.pbx.lines[call_id], self.pbx.now.timestamp()
        line.answered_s, line.end_s = at_s, at_s + line.most_s
        self.pbx.check("answered")
        self.room.answers(call_id, f"leg/{call_id}", at_s)
        self.desk.answered(call_id, at_s)
        self.tell()

    def end(self, call_id: str, at_s: float) -> None:
        line = self.pbx.lines.pop(call_id)
        if line.answered_s is not None:
            self.pbx.gone.append((line.account, line.rate.cost(math.ceil(at_s - line.answered_s))))
        self.room.over(call_id)
        times = (line.since_s, line.answered_s, at_s)
        self.desk.over(OverRecord(call_id, line.account, line.number, *times))
        self.tell()

    def wait(self, seconds: float) -> None:
        until = self.pbx.now + timedelta(seconds=seconds)
        while True:
            ends = {
                i: line.end_s for i, line in self.pbx.lines.items() if line.answered_s is not None
            }
            call_id = min(ends, key=ends.__getitem__, default="")
            if not call_id or ends[call_id] > until.timestamp():
                break
            self.pbx.now = datetime.fromtimestamp(ends[call_id], UTC)
            self.end(call_id, ends[call_id])
        self.pbx.now = until


@pytest.mark.parametrize("seed", range(12))
def test_a_guard_that_ends_at_any_moment_leaves_no_more_than_there_is(seed: int) -> None:
    """Looked at after every single thing that the PBX is told, and after all that happens there."""
    drill = Drill(seed)
    for _ in range(60):
        drill.wait(drill.chance.choice((0.0, 0.2, 1.0, 3.0)))
        what = drill.chance.randrange(4)
        ringing = [each for each, line in drill.pbx.lines.items() if line.answered_s is None]
        if what <= 1:
            drill.begin()
        elif what == 2 and ringing:
            drill.answer(drill.chance.choice(ringing))
        elif what == 3 and drill.pbx.lines:
            call_id = drill.chance.choice(list(drill.pbx.lines))
            drill.end(call_id, drill.pbx.now.timestamp())
    assert drill.let_out > 5
    assert {"AbsoluteTimeout", "Setvar"} <= set(drill.pbx.told)


def test_shorter_times_are_told_first() -> None:
    told = Ends({"a": 100.0, "b": 100.0, "d": 50.0}, {"c": 30.0})
    wanted = Ends({"a": 120.0, "b": 90.0, "d": 50.0, "new": 70.0}, {"c": 10.0})
    assert [each for each, _, _ in wanted.changes(told)] == ["new", "c", "b", "a"]
    assert [each for each, _, _ in wanted.changes(told, {"d"})] == ["new", "c", "b", "d", "a"]
    assert list(told.changes(told)) == []


def test_who_was_answered_in_the_same_moment_is_told_once_more() -> None:
    """The event of the answer comes with what the PBX says next; the call is cut by its channel."""
    pbx, room = Pbx(), Room()
    at_s = NOW.timestamp()
    pbx.lines["1-1"] = Line("100", "+44", RATES["44"], at_s, 20.0, at_s, at_s + 20.0)
    room.begins("1-1", "caller/1-1", 20.0)
    room.want(Ends({}, {"1-1": 10.0}))

    def hear() -> None:
        room.answers("1-1", "leg/1-1", at_s)

    done = room.settled()
    room.tell(pbx, hear, NOW.timestamp)
    assert done.done()
    assert pbx.told == ["Setvar", "Ping", "AbsoluteTimeout"]
    assert pbx.lines["1-1"].end_s == pytest.approx(at_s + 10.0)


def test_nobody_waits_for_a_pbx_that_is_not_heard() -> None:
    class Broken(Pbx):
        def action(self, name: str, **headers: Any) -> AmiResponse:
            raise PbxError("pbx", f"{name} {headers}: the connection broke")

    room = Room()
    room.begins("1-1", "caller/1-1", 9.0)
    room.want(Ends({}, {"1-1": 5.0}))
    waits = room.settled()
    assert room.is_awaited
    with pytest.raises(PbxError, match="broke"):
        room.tell(Broken(), lambda: None, NOW.timestamp)
    with pytest.raises(OSError, match="not heard"):
        waits.result(0)
    later = room.settled()
    room.forget()
    with pytest.raises(OSError, match="not heard"):
        later.result(0)
    assert not room.is_awaited


def test_callers_from_before_are_found_again() -> None:
    pbx, room = Pbx(), Room()
    pbx.lines["17.2-1"] = Line("100", "+44", RATES["44"], 0.0, 9.0)
    room.want(Ends({}, {"17.2-1": 5.0}))
    room.tell(pbx, lambda: None, NOW.timestamp)
    room.read({}, {}, {"17.2": "caller/17.2-1", "17.9": "other/x"})
    room.tell(pbx, lambda: None, NOW.timestamp)
    assert pbx.lines["17.2-1"].most_s == 5.0
    room.repeat()
    room.tell(pbx, lambda: None, NOW.timestamp)
    assert pbx.told == ["Setvar", "Setvar"]
    room.read({}, {}, {})
    room.tell(pbx, lambda: None, NOW.timestamp)
    assert len(pbx.told) == 2, "it is over"


def test_while_calls_cannot_be_cut_none_shares_its_money() -> None:
    """Such a call is left to the PBX's own rules; others, and those for help, are as ever."""
    desk = desk_of(account={"spend_day": 60})
    assert desk.outgoing("1-1", "100", NUMBERS[0], NOW, can_cut=False)["BW_VERDICT"] == "dial"
    assert desk.outgoing("2-1", "100", NUMBERS[0], NOW, can_cut=False) == {}
    assert desk.outgoing("3-1", "100", "112", NOW, can_cut=False)["BW_VERDICT"] == "free"
    assert desk.outgoing("4-1", "110", NUMBERS[0], NOW, can_cut=False)["BW_VERDICT"] == "dial"
    assert desk.outgoing("5-1", "100", NUMBERS[0], NOW)["BW_VERDICT"] == "dial"
    assert not desk_of().is_shared("100")
