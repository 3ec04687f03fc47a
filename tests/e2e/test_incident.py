"""An incident from its first sight to its end: a port loses its power, a person gives it back.

The switch is a simulated one that answers SNMP, the PBX a simulated one that phones register at;
the monitor is bellwire's own, let go step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.building import SITE, Building, building
from tests.e2e.stage import looking
from tests.integration.servers import FANVIL, wait_for
from tests.simulators.switch_agent import SwitchAgents
from tests.simulators.switch_tables import Neighbour, Port, Switch
from web.simulated.fleet import Fleet

QUICK = {"grace_s": 0, "options_t1_s": 0.05, "switch_s": 1}
SOCKET = 5


@dataclass
class Ward:
    """A hotel with one phone on a port of a switch."""

    hotel: Building
    switch: Switch
    fleet: Fleet

    @property
    def port(self) -> Port:
        return self.switch.ports[SOCKET]

    def power_comes(self) -> None:
        """The port feeds the phone, which starts, fetches its files and registers."""
        port = self.port
        port.delivering, port.link, port.milliwatts, port.vlan = True, True, 3400, 20
        port.learned = [(FANVIL, 20)]
        port.neighbours = [Neighbour(FANVIL, "H5", "Fanvil H5", "127.0.0.1", voice_vlan=20)]
        self.switch.touch()
        self.fleet.boot(f"{self.hotel.url}/")
        self.hotel.learn_accounts()
        assert self.fleet.register() == {FANVIL: [200]}

    def power_goes(self) -> None:
        """Somebody switches the port's power off; the phone is gone without a word."""
        port, phone = self.port, self.fleet.phones[FANVIL]
        port.allowed = port.delivering = port.link = False
        port.learned, port.neighbours, port.milliwatts = [], [], 0
        self.switch.touch()
        assert phone.user is not None
        phone.user.close(goodbye=False)
        phone.user = None


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    switch = Switch.of("sw-1", "cisco")
    with SwitchAgents() as agents:
        told = {
            "host": agents.add(switch), "name": "sw-1",
            "snmp": {"community": "public", "write": {"community": "private"}},
        }  # fmt: skip
        folder = tmp_path_factory.mktemp("incident")
        with building(folder, QUICK, switches=[told]) as hotel:
            fleet = hotel.fleet({FANVIL: "fanvil/h5"})
            try:
                yield Ward(hotel, switch, fleet)
            finally:
                fleet.close()


def ten_seconds_pass(page: Page) -> None:
    """The page looks for news by itself, without being loaded again."""
    page.clock.run_for(10_500)


def test_an_incident_appears_is_mended_and_ends(browser: Browser, ward: Ward) -> None:
    hotel = ward.hotel
    ward.power_comes()
    hotel.sweep(2)
    with looking(browser, hotel, "mobile") as look:
        page = look.page
        page.clock.install()
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}")
        tile = page.locator("a.tile", has_text="101").first
        expect(tile).to_contain_text("Working")
        cards = page.locator("article.incident")
        expect(cards).to_have_count(0)
        page.evaluate("window.stayed = true")

        ward.power_goes()
        hotel.sweep(2)
        ten_seconds_pass(page)
        expect(cards).to_have_count(1)
        expect(cards.first).to_contain_text("Power over Ethernet is switched off")
        expect(tile).to_contain_text("Down")
        is_on_top = "!!(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING)"
        card, rooms = cards.first.element_handle(), tile.element_handle()
        assert page.evaluate(f"([a, b]) => {is_on_top}", [card, rooms])
        assert page.evaluate("window.stayed") is True
        assert look.axe() == []
        assert not look.is_too_wide()

        # its button asks first whether it may be done, and why not at once
        cards.first.get_by_role("button", name="Switch power on …").click()
        wish = page.locator("#wish")
        expect(wish.locator("h2")).to_have_text("Looking whether it can be done …")
        assert hotel.mend() == 1
        page.clock.run_for(2_500)
        expect(wish.locator("h2")).to_have_text("It can be done, but look at this first")
        expect(wish).to_contain_text("Somebody may be in a call.")
        assert not ward.port.allowed  # up to now nothing was changed
        wish.get_by_role("button", name="I know; do it").click()
        expect(wish.locator("h2")).to_have_text("Asked for")
        assert hotel.mend() == 1
        assert ward.port.allowed
        page.clock.run_for(2_500)
        expect(wish.locator("h2")).to_have_text("It is done")

        # the port feeds the phone, it fetches its files and registers
        ward.power_comes()
        wait_for("the fetch is in the log", hotel.verify)
        page.clock.run_for(2_500)
        expect(wish.locator("h2")).to_have_text("It helped")
        assert look.axe() == []

        # and on the page of the hotel the incident ends, without the page being loaded again
        look.go(f"/ui/sites/{SITE}")
        expect(cards).to_have_count(1)
        page.evaluate("window.stayed = true")
        hotel.sweep()
        ten_seconds_pass(page)
        expect(tile).to_contain_text("Recovering")
        hotel.sweep()
        ten_seconds_pass(page)
        expect(cards).to_have_count(0)
        expect(tile).to_contain_text("Working")
        assert page.evaluate("window.stayed") is True

        # what was stays to be read: who did what, and that it helped
        page.get_by_role("link", name="Incidents", exact=True).click()
        page.get_by_role("link", name="Power over Ethernet is switched off").click()
        expect(page.locator(".timeline")).to_contain_text("closed: works again")
        page.get_by_role("link", name="Room 101 bedside").first.click()
        history = page.locator("section", has=page.get_by_role("heading", name="What happened"))
        expect(history).to_contain_text("ivan")
