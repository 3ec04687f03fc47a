"""A made-up hotel of any size, in a data folder of its own, and what its phones ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from provisioner.answers import Answer
from provisioner.config import read_settings
from provisioner.delivery import Delivery
from provisioner.identify import FetchRequest
from provisioner.inventory import store
from provisioner.kit import PhoneKit
from provisioner.render import file_name
from web.installation import Installation, opened
from web.simulated.device import Fetched
from web.simulated.fleet import DEVICES

SITE = "bench"
OUIS = {"fanvil": "0c383e", "yealink": "805ec0", "snom": "000413"}
# what stands in ten rooms: mostly simple guest phones, some with many keys
ROOMS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("guest-room", (("bedside", "fanvil/h5"), ("bathroom", "fanvil/h2u-v2"))),
    ("guest-room", (("bedside", "yealink/t31p"), ("bathroom", "fanvil/h2u-v2"))),
    ("guest-room", (("bedside", "fanvil/h5"), ("desk", "snom/715"))),
    ("guest-room", (("bedside", "yealink/t31p"), ("desk", "yealink/t31p"))),
    ("office", (("desk", "snom/d717"), ("second", "yealink/t46u"))),
)
PHONES_PER_ROOM = 2
KEYS = 20  # busy lamps of an office phone


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of one phone, as it asks for it over HTTP."""

    mac: str
    path: str
    agent: str
    body: bytes


def site_text(phones: int, url: str = "http://127.0.0.1:8080") -> str:
    """Return a site file of so many phones."""
    lines = [
        "sites:",
        f"  - id: {SITE}",
        "    name: Hotel Bench",
        "    country: ES",
        "    timezone: Europe/Madrid",
        "    languages: [es, en]",
        "    networks: [127.0.0.0/8]",
        f"    url: {url}",
        "    sip: {registrar: pbx.example, port: 5060, transport: udp, expires_s: 600}",
        '    numbers: {reception: "9", emergency: "112", housekeeping: "7", voicemail: "*97"}',
        "    rooms:",
    ]
    lines += (line for number in range(-(-phones // PHONES_PER_ROOM)) for line in _room(number))
    return "\n".join(lines) + "\n"


def _room(number: int) -> Iterator[str]:
    template, phones = ROOMS[number % len(ROOMS)]
    yield f'      - id: "{number}"'
    yield f'        floor: "{number // 100}"'
    yield f"        template: {template}"
    yield f'        extension: "{20000 + number}"'
    yield "        phones:"
    for place, (position, model) in enumerate(phones):
        mac = f"{OUIS[model.split('/')[0]]}{number * PHONES_PER_ROOM + place:06x}"
        preset = ", preset: office" if position == "second" else ""
        yield f"          {position}: {{model: {model}, mac: {mac}{preset}{_keys(position)}}}"


def _keys(position: str) -> str:
    if position != "second":
        return ""
    keys = ", ".join(f'{{type: blf, value: "{20000 + n}", label: "{n}"}}' for n in range(KEYS))
    return f", keys: [{keys}]"


@contextmanager
def installation(data: Path) -> Iterator[Installation]:
    """Open a data folder in this process."""
    with opened(read_settings(data=data)) as made:
        yield made


def fill(data: Path, phones: int, say: Callable[[str], None], url: str) -> float:
    """Apply a hotel and render it; returns the seconds that rendering took."""
    site_file = data.parent / f"{data.name}.yaml"
    site_file.write_text(site_text(phones, url), encoding="utf-8")
    with installation(data) as made:
        wanted, _ = made.applier.read([site_file])
        made.applier.apply(wanted, who="bench")
        started = time.perf_counter()
        while made.press.render_marked():
            pass
        took_s = time.perf_counter() - started
        problems = made.press.problems()
    if problems:
        raise RuntimeError(f"phones that cannot be rendered: {problems[:3]}")
    say(f"a hotel of {phones} phones, rendered in {took_s:.1f} s")
    return took_s


def kits(made: Installation) -> list[PhoneKit]:
    """Return what every phone's files are made of."""
    with made.database.read() as session:
        held = store.stored(session, made.box)
        return [made.press.kit(session, phone.mac) for phone in held.phones]


def wanted_files(data: Path) -> list[Wanted]:
    """Return the largest file of every phone, with its token path and an honest User-Agent.

    Each phone asks once here, so that its token is used and its firmware known, as of any phone
    that has been in service.
    """
    with installation(data) as made:
        delivery = made.delivery(made.recorder())
        try:
            for kit in kits(made):
                _ask(delivery, kit, "-")
            return [_largest(delivery, kit) for kit in kits(made)]
        finally:
            delivery.close()


def _largest(delivery: Delivery, kit: PhoneKit) -> Wanted:
    names = [file_name(f.name, kit.model, kit.phone.mac) for f in kit.dialect.files]
    answers = {name: _ask(delivery, kit, name) for name in names}
    name = max(answers, key=lambda n: len(answers[n].body))
    path = f"/{kit.urls.path.text}{name}"
    return Wanted(str(kit.phone.mac), path, _agent(kit), answers[name].body)


def _ask(delivery: Delivery, kit: PhoneKit, name: str) -> Answer:
    path = f"/{kit.urls.path.text}{name}"
    return delivery.answer(FetchRequest("http", path, "127.0.0.1", _agent(kit)))


def _agent(kit: PhoneKit) -> str:
    return DEVICES[kit.model.id](str(kit.phone.mac), lambda _u, _a: Fetched(0), "").user_agent
