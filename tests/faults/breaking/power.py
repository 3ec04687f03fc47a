"""At the port and in the cable: power, link, counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tests.faults.breaking.sockets import place_of
from tests.faults.fault import Case, Heal


def port(**values: Any) -> Callable[[Case], Heal]:
    """Set a port up otherwise."""

    def inject(case: Case) -> Heal:
        setup = case.house.building.setups[place_of(case.phone)]
        before = {name: getattr(setup, name) for name in values}

        def put(new: dict[str, Any]) -> None:
            with case.house.changing():
                for name, value in new.items():
                    setattr(setup, name, value)

        put(values)
        return lambda: put(before)

    return inject


def cable(**values: bool) -> Callable[[Case], Heal]:
    """Do something to the cable."""

    def inject(case: Case) -> Heal:
        line = case.house.building.cables[place_of(case.phone)]

        def put(*, broken: bool) -> None:
            with case.house.changing():
                for name in values:
                    setattr(line, name, broken)

        put(broken=True)
        return lambda: put(broken=False)

    return inject


def plug(**values: Any) -> Callable[[Case], Heal]:
    """Change what the phone is, as a device on a port; a new start puts it right."""

    def inject(case: Case) -> Heal:
        device = case.phone.plug
        before = {name: getattr(device, name) for name in values}
        with case.house.changing():
            for name, value in values.items():
                setattr(device, name, value)

        def heal() -> None:
            with case.house.changing():
                for name, value in before.items():
                    setattr(device, name, value)

        return heal

    return inject


def budget(case: Case) -> Heal:
    """The switch has not enough power left for this port: a supply of two has failed."""
    building, place = case.house.building, place_of(case.phone)
    switch, setup = building.switches[place[0]], building.setups[place]
    before = switch.total_w
    with case.house.changing():
        setup.last_in_line = True
        switch.total_w = switch.used_w - round(case.phone.plug.needs_mw / 1000) + 1

    def heal() -> None:
        with case.house.changing():
            setup.last_in_line, switch.total_w = False, before

    return heal


def flapping(case: Case) -> Heal:
    """The link goes down and comes back every few seconds."""
    line = case.house.building.cables[place_of(case.phone)]

    def blink() -> None:
        for broken, pause_s in ((True, 0.2), (False, 2.4)):
            with case.house.changing():
                line.one_pair_broken = broken
            time.sleep(pause_s)

    return _again_and_again(blink)


def loose_plug(case: Case) -> Heal:
    """The phone loses power for a moment, again and again; each time it starts anew."""
    line = case.house.building.cables[place_of(case.phone)]

    def blink() -> None:
        for broken, pause_s in ((True, 0.3), (False, 5.0)):
            with case.house.changing():
                line.cut = broken
            time.sleep(pause_s)

    return _again_and_again(blink)


def _again_and_again(what: Callable[[], None], least: int = 5) -> Heal:
    """Do something until it is healed, at least so often."""
    stop = threading.Event()
    done = threading.Event()

    def run() -> None:
        for _ in range(least):
            what()
        done.set()
        stop.wait()

    thread = threading.Thread(target=run, name="blinking", daemon=True)
    thread.start()

    def heal() -> None:
        stop.set()
        thread.join()

    return heal


def link_errors(case: Case) -> Heal:
    """Frames arrive broken."""
    where = place_of(case.phone)
    switch = case.house.building.switches[where[0]]
    with case.house.changing():
        switch.ports[where[1]].in_errors += 4000
    return lambda: None
