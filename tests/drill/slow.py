"""The slow attacker: weeks of a few calls a night, asked of the real guard by FastAGI.

An Asterisk's clock cannot be moved, so the PBX is played here: it asks as the generated dial plan
asks, cuts a call when its time is over, and tells of its end. The guard, its database and the
questions on the wire are the real ones; its clock is the drill's. It is started anew every week.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from monitors.guarding.agi import AgiServer
from monitors.guarding.exchange import Exchange
from monitors.guarding.keeping import unblock_by_hand
from monitors.store.calls import calls_between
from monitors.store.calls_blocks import blocks_of
from monitors.store.incident_pages import recent_incidents
from tests.integration.servers import DataFolder, small_site
from web.installation import Installation

START = datetime(2026, 11, 1, 1, tzinfo=UTC)
SITE, ROOM, ATTACKER = "casa", "101", "2101"
LIMIT_DAY, LIMIT_MONTH = Decimal(10), Decimal(100)
DEAREST = Decimal("1.70")
"""The most that one call costs before anybody can cut it: fee and first minute."""
RATES = (
    "prefix,per_minute,connection_fee,first_s,step_s\n53,1.20,0.50,60,60\n252,0.95,0,1,1\n"
    "37,0.80,0,30,6\n44,0.04,0,1,1\n34,0.01,0,1,1\n"
)
NUMBERS = ("005371234567", "0025261234567", "0037167123456", "00447911123456")
RESTART_DAYS = 7
_SET = re.compile(r'(?:EXEC MSet|SET VARIABLE \w+) "(.*)"')


@dataclass(frozen=True, slots=True)
class Patience:
    """How somebody goes about it.

    Attributes:
        calls: of a night, from and to.
        talk_s: how long each goes on, from and to.
        unblocked: somebody at the house lets the account out again every morning.
    """

    name: str
    calls: tuple[int, int]
    talk_s: tuple[int, int]
    unblocked: bool = False
    numbers: tuple[str, ...] = NUMBERS


SLOW = (
    Patience("a few calls a night", (2, 12), (20, 900)),
    Patience("the same, and unblocked every morning", (2, 12), (20, 900), unblocked=True),
    Patience("knows the limits of a day", (4, 4), (90, 90), numbers=("0025261234567",)),
)


@dataclass(slots=True)
class Weeks:
    """What it came to.

    Attributes:
        days: money of each day.
        helped: calls for help, inside and to reception that passed; ``asked`` of how many.
    """

    patience: Patience
    nights: int
    asked: int = 0
    let_out: int = 0
    days: dict[date, Decimal] = field(default_factory=dict)
    blocks: int = 0
    incidents: int = 0
    help_asked: int = 0
    helped: int = 0

    @property
    def cost(self) -> Decimal:
        """All of it."""
        return sum(self.days.values(), Decimal(0))

    @property
    def months(self) -> dict[str, Decimal]:
        """Money of each month."""
        made: dict[str, Decimal] = {}
        for day, cost in self.days.items():
            made[f"{day:%Y-%m}"] = made.get(f"{day:%Y-%m}", Decimal(0)) + cost
        return made

    @property
    def held(self) -> bool:
        """Whether everything was as it must be."""
        days = all(cost <= LIMIT_DAY + DEAREST for cost in self.days.values())
        months = all(cost <= LIMIT_MONTH + DEAREST for cost in self.months.values())
        told = 1 <= self.incidents <= self.blocks  # one that comes back soon is the same one
        return days and months and told and self.helped == self.help_asked > 0


class Pbx:
    """Asks as the dial plan does.

    Args:
        here: the installation.
    """

    def __init__(self, here: Installation) -> None:
        self.now = START
        self._here = here
        self._port = 0
        self._asked = 0

    async def begin(self) -> None:
        """Start the guard."""
        here = self._here
        self.exchange = Exchange(here.database, here.monitoring, here.box, lambda: self.now)
        await self.exchange.refresh()
        self._server = AgiServer(self.exchange.answer, lambda _: True)
        _, self._port = await self._server.start("127.0.0.1", 0)
        self._keeping = asyncio.create_task(self._keep())

    async def end(self) -> None:
        """End the guard."""
        self._keeping.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeping
        await self._server.close()

    async def ask(self, script: str, *arguments: str) -> dict[str, str]:
        """Ask, and return the variables."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = [f"agi_network_script: {script}", f"agi_arg_1: {SITE}"]
        lines += [f"agi_arg_{place}: {each}" for place, each in enumerate(arguments, start=2)]
        writer.write(("\n".join(lines) + "\n\n").encode())
        found: dict[str, str] = {}
        while line := (await reader.readline()).decode():
            if said := _SET.match(line):
                found |= dict(pair.split("=", 1) for pair in said[1].split(",") if "=" in pair)
            writer.write(b"200 result=1\n")
        writer.close()
        return found

    async def call(self, keyed: str, talk_s: float) -> bool:
        """Call, talk until done or cut; returns whether it was let out."""
        self._asked += 1
        call_id = f"{self._asked}.1-1"
        said = await self.ask("outgoing", call_id, ATTACKER, keyed)
        if said.get("BW_VERDICT") != "dial":
            return False
        began = self.now.timestamp()
        answered = began + 2
        self.exchange.answered(SITE, call_id, answered)
        ended = answered + min(talk_s, float(said["BW_MOST_S"]))
        self.now = datetime.fromtimestamp(ended, UTC)
        times = (f"{began:.3f}", f"{answered:.3f}", f"{ended:.3f}")
        kept = await self.ask("over", call_id, ATTACKER, said["BW_NUMBER"], *times)
        if kept != {"BW_KEPT": "1"}:
            raise RuntimeError(f"the end of a call was not taken: {kept}")
        return True

    async def helped(self) -> list[bool]:
        """Call for help, a colleague and reception."""
        self._asked += 1
        made = []
        for keyed, right in (("112", "free"), ("109", "inside"), ("100", "inside")):
            said = await self.ask("outgoing", f"{self._asked}.1-{keyed}", ATTACKER, keyed)
            made.append(said.get("BW_VERDICT") == right)
        return made

    async def _keep(self) -> None:
        while True:
            await self.exchange.keep()
            await asyncio.sleep(0.002)


def site() -> dict[str, Any]:
    """A hotel with the limits that a site has by itself."""
    made = small_site()
    made["calls"] = {"pbx": {"trunk": "provider"}}
    return made


@contextmanager
def prepared(folder: Path) -> Iterator[Installation]:
    """Open an installation with that hotel and its rates."""
    data = DataFolder(folder / "data")
    data.apply(site(), options=("--no-render",))
    (folder / "rates.csv").write_text(RATES)
    done = data.run("calls", "rates", "import", str(folder / "rates.csv"), "--site", SITE)
    if done.exit_code:
        raise RuntimeError(done.output)
    with data.opened() as here:
        yield here


def weeks(folder: Path, patience: Patience, nights: int, seed: int = 5) -> Weeks:
    """Let the slow attacker loose for some nights."""
    with prepared(folder) as here:
        return asyncio.run(_weeks(here, patience, nights, random.Random(seed)))


async def _weeks(
    here: Installation, patience: Patience, nights: int, chance: random.Random
) -> Weeks:
    made, pbx = Weeks(patience, nights), Pbx(here)
    await pbx.begin()
    for night in range(nights):
        if night % RESTART_DAYS == RESTART_DAYS - 1:
            await pbx.end()
            await pbx.begin()
        pbx.now = max(pbx.now, START + timedelta(days=night))
        await _night(pbx, patience, made, chance)
        if patience.unblocked:
            await _unblock(here, pbx)
    await pbx.end()
    _count(here, made)
    return made


async def _night(pbx: Pbx, patience: Patience, made: Weeks, chance: random.Random) -> None:
    for _ in range(chance.randint(*patience.calls)):
        made.asked += 1
        keyed = chance.choice(patience.numbers)
        made.let_out += await pbx.call(keyed, chance.randint(*patience.talk_s))
        pbx.now += timedelta(minutes=chance.randint(7, 25))
        helped = await pbx.helped()
        made.help_asked += len(helped)
        made.helped += sum(helped)


async def _unblock(here: Installation, pbx: Pbx) -> None:
    """A person at the house lets everybody out again who is blocked."""
    at = pbx.now.replace(tzinfo=None)
    for each in blocks_of(here.monitoring, SITE):
        unblock_by_hand(here.monitoring, SITE, each.scope, at, "somebody")
    await pbx.exchange.refresh()


def _count(here: Installation, made: Weeks) -> None:
    last = (START + timedelta(days=made.nights + 1)).date()
    for kept in calls_between(here.monitoring, SITE, START.date() - timedelta(days=1), last):
        made.days[kept.call.day] = made.days.get(kept.call.day, Decimal(0)) + kept.cost
    scopes = {("account", ATTACKER), ("room", ROOM)}
    blocked = [b for b in blocks_of(here.monitoring, SITE, ended=True) if b.scope in scopes]
    made.blocks = len(blocked)
    keys = {f"calls {kind} {name}" for kind, name in scopes}
    long_ago = START.replace(tzinfo=None) - timedelta(days=1)
    made.incidents = sum(i.key in keys for i in recent_incidents(here.monitoring, SITE, long_ago))
