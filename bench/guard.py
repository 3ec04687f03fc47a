"""Answering a PBX about calls: FastAGI over TCP, 200 questions a second, a connection each.

The limit beside it is a server that reads the same lines and answers without deciding. Load and
server are two processes; what is shown is from the connection to the last variable.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from bench.processes import cpu_s
from bench.report import Table, median
from monitors.guarding.agi import AgiRequest, AgiServer
from monitors.guarding.service import GuardService
from monitors.store.calls_lists import Imported, keep_rates
from provisioner.config import CallQuestions, read_settings
from web.installation import opened

PER_S = 200
SECONDS = 10
ACCOUNTS = 500
PREFIXES = 20_000
SITE = """
sites:
  - id: big
    name: Big
    url: http://prov.example
    country: ES
    accounts: [{accounts}]
    calls:
      limits: {{account: {wide}, room: {wide}}}
      pbx: {{trunk: provider}}
"""
WIDE = (
    "{spend_day: 100000, spend_month: 100000, international_hour: null, international_day: null, "
    "international_month: null, simultaneous: null}"
)
LOW, HIGH = 50, 99
GOAL_S = 0.02
AT_ONCE = 20
TEXT = (
    "Half of the questions are about calls abroad; every call is written to the database, draws on "
    "an account's money and goes on. Beside it a server that reads the same lines and answers "
    "without deciding or writing. Questions come when they come, whether the ones before are "
    f"answered or not. CPU is that of the whole process from the first question on. *At most*: "
    f"{AT_ONCE} at a time, each as soon as the one before is answered. The first second is not "
    "shown."
)


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    data = folder / "guard"
    _prepare(data)
    rows: list[tuple[str, ...]] = []
    for name, target in (("bellwire", _guard), ("reads and answers only", _hollow)):
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=target, args=(data, theirs))
        server.start()
        port = ours.recv()
        before_s = cpu_s(server.pid or 0)
        asked = asyncio.run(_load(port))
        used_s = cpu_s(server.pid or 0) - before_s
        per_s = asyncio.run(_as_fast_as_answered(port))
        times = sorted(asked[PER_S:])
        ours.send("end")
        server.join()
        shown = [f"{times[len(times) * part // 100] * 1000:.1f} ms" for part in (LOW, HIGH)]
        share = sum(each < GOAL_S for each in times) / len(times)
        cost = f"{used_s / len(asked) * 1000:.2f} ms"
        rows.append((name, *shown, f"{share:.1%}", cost, f"{per_s:.0f}"))
        say(f"guard: {name}: middle {median(times) * 1000:.1f} ms, {cost} of CPU")
    title = f"A PBX asks about calls: {PER_S} a second, {ACCOUNTS} accounts, {PREFIXES} rates"
    heads = ("", "middle", "99 of 100 within", "under 20 ms", "CPU for one", "at most a second")
    return [Table(title, TEXT, heads, rows)]


def _prepare(data: Path) -> None:
    from click.testing import CliRunner

    from web.cli import main

    data.mkdir(parents=True, exist_ok=True)
    accounts = ", ".join(f'{{extension: "{2000 + n}"}}' for n in range(ACCOUNTS))
    (data / "site.yaml").write_text(SITE.format(accounts=accounts, wide=WIDE))
    done = CliRunner().invoke(main, ["apply", str(data / "site.yaml"), "--data", str(data)])
    if done.exit_code:
        raise RuntimeError(done.output)
    chance = random.Random(7)
    prefixes = {str(chance.randrange(1, 10 ** chance.randrange(1, 8))) for _ in range(PREFIXES)}
    text = "prefix,per_minute\n" + "".join(f"{p},0.1\n" for p in sorted({*prefixes, *"123456789"}))
    with opened(read_settings(data=data)) as here, here.monitoring.write() as session:
        now = datetime.now(UTC).replace(tzinfo=None)
        keep_rates(session, "big", text, "EUR", Imported("", PREFIXES, now, "bench"))


def _guard(data: Path, pipe: Connection) -> None:
    stop = threading.Event()
    with opened(read_settings(data=data)) as here:
        settings = CallQuestions(enabled=True, port=0)
        service = GuardService(here.database, here.monitoring, here.box, settings)
        threading.Thread(target=_until_end, args=(pipe, stop), daemon=True).start()
        service.run(stop, lambda address: pipe.send(address[1]))


def _hollow(data: Path, pipe: Connection) -> None:
    del data

    async def answer(_: AgiRequest) -> Mapping[str, str]:
        names = ("BW_TO", "BW_NUMBER", "BW_MOST_S", "BW_RULE", "BW_VERDICT")
        return dict.fromkeys(names, "1")

    async def serve() -> None:
        server = AgiServer(answer, lambda _: True)
        _, port = await server.start("127.0.0.1", 0)
        pipe.send(port)
        await asyncio.to_thread(pipe.recv)
        await server.close()

    asyncio.run(serve())


def _until_end(pipe: Connection, stop: threading.Event) -> None:
    pipe.recv()
    stop.set()


async def _load(port: int) -> list[float]:
    chance = random.Random(11)
    begin = asyncio.get_running_loop().time()
    questions = []
    for number in range(PER_S * SECONDS):
        account, keyed = _question(number, chance)
        wait_s = max(0.0, begin + number / PER_S - asyncio.get_running_loop().time())
        await asyncio.sleep(wait_s)
        questions.append(asyncio.create_task(_ask(port, number, account, keyed)))
    return list(await asyncio.gather(*questions))


async def _as_fast_as_answered(port: int) -> float:
    """Ask as fast as is answered; returns how many a second."""
    chance = random.Random(13)
    numbers = iter(range(PER_S * SECONDS, 2 * PER_S * SECONDS))

    async def one() -> None:
        for number in numbers:
            await _ask(port, number, *_question(number, chance))

    began_s = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return PER_S * SECONDS / (time.perf_counter() - began_s)


def _question(number: int, chance: random.Random) -> tuple[int, str]:
    abroad = f"0044{20_000_000 + number}00"
    keyed = f"9{chance.randrange(10**7, 10**8)}" if number % 2 else abroad
    return 2000 + number % ACCOUNTS, keyed


async def _ask(port: int, number: int, account: int, keyed: str) -> float:
    began_s = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = "".join(f"agi_header_{n}: value\n" for n in range(18))
    writer.write(
        f"agi_network: yes\nagi_network_script: outgoing\n{headers}agi_arg_1: big\n"
        f"agi_arg_2: {number}.1-1\nagi_arg_3: {account}\nagi_arg_4: {keyed}\n\n".encode()
    )
    while await reader.readline():
        writer.write(b"200 result=1\n")
    took_s = time.perf_counter() - began_s
    writer.close()
    return took_s
