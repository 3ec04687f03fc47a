"""Guessing passwords at the real Asterisk behind the real nftables: 10,000 registrations by sipp.

All the while a phone of the house registers again and again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench.report import Table, median
from tests.integration.besieged import ATTACKER, PHONE, RULE, House, besieged
from tests.simulators.asterisk import find_asterisk
from tests.simulators.netns import has_namespaces
from tests.simulators.sipp import has_sipp

TITLE = "Guessing passwords at a PBX"
GUESSES = 10_000
ACCOUNTS = ("2214",)
PAUSE_S = 0.2


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    if not (has_namespaces() and has_sipp() and find_asterisk()):
        return [Table.missing(TITLE, "root, nft (nftables), sipp and Asterisk are needed")]
    with besieged(folder) as house:
        return [_attacked(house, say)]


def _attacked(house: House, say: Callable[[str], None]) -> Table:
    stop, times, failed = threading.Event(), list[float](), list[float]()
    phone = threading.Thread(target=_register, args=(house, stop, times, failed))
    phone.start()
    began_s = time.monotonic()
    shut_s = list[float]()
    gate = threading.Thread(target=lambda: shut_s.append(_until_shut(house, began_s)))
    gate.start()
    guessed = house.attack(ATTACKER, list(ACCOUNTS), GUESSES)
    took_s = time.monotonic() - began_s
    gate.join()
    stop.set()
    phone.join()
    say(f"{guessed} guesses in {took_s:.0f} s")
    table = Table(
        TITLE,
        (
            "sipp registers with guessed passwords from one address, a thousand a second; a phone "
            f"of the house registers every {PAUSE_S} s. An address is shut out after "
            f"{RULE.tries} refusals in {RULE.window_s} s."
        ),
        ("", "figure"),
    )
    table.add("guesses", f"{guessed:,}")
    table.add("of these, reached Asterisk and refused", f"{len(house.refused(ATTACKER)):,}")
    table.add("accounts broken", len(house.broken(ATTACKER)))
    table.add("shut out after the first guess", f"{shut_s[0]:.2f} s")
    done = f"{len(times)} of {len(times) + len(failed)}"
    table.add("registrations of the house's own phone meanwhile", done)
    table.add("one of these, in the middle", f"{median(times) * 1000:.0f} ms" if times else "-")
    return table


def _until_shut(house: House, began_s: float) -> float:
    house.until_shut_out(ATTACKER)
    return time.monotonic() - began_s


def _register(house: House, stop: threading.Event, times: list[float], failed: list[float]) -> None:
    while not stop.wait(PAUSE_S):
        began_s = time.monotonic()
        is_in = house.registers("2215", "secret-of-2215", PHONE)
        (times if is_in else failed).append(time.monotonic() - began_s)
