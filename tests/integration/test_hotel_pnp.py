"""The same hotel without DHCP: phones ask by multicast SUBSCRIBE and get their URL by NOTIFY."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.hotel import Hotel
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from web.simulated import pnp

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)


def test_phones_boot_from_plug_and_play_alone(tmp_path: Path) -> None:
    with Hotel(tmp_path, max_rooms_per_floor=1) as hotel:
        for phone in hotel.fleet.phones.values():
            url = pnp.ask(phone.device, hotel.pnp)
            assert "/p/" in url, (phone.device.model_id, url)
            phone.device.boot(pnp_url=url)
        codes = hotel.fleet.register()
        wrong = {
            hotel.fleet.phones[mac].device.model_id: got
            for mac, got in codes.items()
            if not got or set(got) != {200}
        }
        assert wrong == {}
        assert len({p.device.model_id for p in hotel.fleet.phones.values()}) >= 12
        # used once, the token URL is not told again: neither to the phone nor to a guesser
        first = next(iter(hotel.fleet.phones.values()))
        assert "/p/" not in pnp.ask(first.device, hotel.pnp)
        status = json.loads(hotel.bellwire("status", "--json").stdout)
        assert {p["status"] for p in status["phones"]} == {"provisioned"}
