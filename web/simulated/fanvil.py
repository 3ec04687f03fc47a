"""Simulated Fanvil phones and door stations.

They ask for a boot file, a common file and their own file, keep one version counter for the
common file and one for their own, and read the classic text of their generation: a file of the
other one is fetched, found in order, and changes nothing.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable

from web.simulated import fanvil_meaning as meaning
from web.simulated.device import DeviceConfig, Fetch, Fetched, SimKey, SimulatedDevice
from web.simulated.fanvil_generations import NEW, OLD, known
from web.simulated.fanvil_meaning import KeyBlock
from web.simulated.fanvil_text import Place, TextFile, is_html, read_manifest, read_text

_SCHEMES = {"1": "ftp", "2": "tftp", "4": "http", "5": "https"}
_FORBIDDEN = 403
_OK = 200
_ISO = {"cn": "zh", "slo": "sl", "cz": "cs", "ua": "uk", "jp": "ja", "kr": "ko", "kz": "kk",
        "cat": "ca", "eus": "eu", "gal": "gl"}  # fmt: skip
_LANGUAGE_NUMBERS = {"0": "en", "3": "nl", "5": "fr", "6": "es", "7": "it", "16": "de"}


class _CycleAborted(Exception):  # noqa: N818 - it is how a cycle ends, not an error
    """The firmware gives up the whole cycle."""


class FanvilDevice(SimulatedDevice):
    """A Fanvil device: its counters, its flash memory and its provisioning cycle."""

    vendor = "fanvil"
    product = ""
    generation = NEW
    lines = 2
    common_file = ""
    asks_boot_file = False
    blocks: tuple[KeyBlock, ...] = ()

    def __init__(self, mac: str, fetch: Fetch, firmware: str = "") -> None:
        super().__init__(mac, fetch, firmware)
        self.flash: dict[Place, str] = {}
        self.versions: dict[str, tuple[int, ...]] = {}
        self.digests: dict[str, str] = {}

    @property
    @abstractmethod
    def default_firmware(self) -> str:
        """The version a fresh device of this model has."""

    @property
    def user_agent(self) -> str:
        """HTTP User-Agent."""
        return f"Fanvil {self.product} {self.firmware} {self.mac}"

    @property
    def sip_user_agent(self) -> str:
        """SIP User-Agent."""
        return self.user_agent

    def provision(self, url: str) -> bool:
        """Run one cycle: boot file, common file, the device's own file, phone book."""
        before = dict(self.flash)
        folder, _, name = self._expand(url).rpartition("/")
        try:
            own = self._from_boot_file(folder) or f"{folder}/{name or self.mac + '.cfg'}"
            self._fetch_common(folder)
            answer = self._ask(own)
            if answer.status != _OK and not name:
                answer = self._ask(f"{folder}/{self.mac}.txt")
            self._take("device", answer)
        except _CycleAborted:
            return False
        if self.flash == before:
            return False
        self.applied += 1
        self.server_url = self._stored_url() or self.server_url
        self.config = self._understood()
        self._fetch_phonebook()
        return True

    def _ask(self, url: str) -> Fetched:
        answer = self.get(url)
        if answer.status == _FORBIDDEN or is_html(answer.body):
            raise _CycleAborted
        return answer

    def _expand(self, text: str) -> str:
        given = self.generation.value_of(self.flash, "Input Cfg File Name")
        return text.replace("$mac", self.mac).replace("$input", given)

    def _from_boot_file(self, folder: str) -> str:
        """Ask for the boot files; returns the URL of the device file when one names it."""
        wanted = "1" if self.asks_boot_file else "0"
        if self.generation.value_of(self.flash, "Download Boot File", wanted) != "1":
            return ""
        for name in (f"{self.mac}.boot", "F00000000000.boot"):
            answer = self._ask(f"{folder}/{name}")
            if answer.status == _OK:
                return self._expand(read_manifest(answer.body).get("config", ""))
        return ""

    def _fetch_common(self, folder: str) -> None:
        wanted = self.generation.value_of(self.flash, "Download CommonConf", "1")
        if self.common_file and wanted == "1":
            self._take("common", self._ask(f"{folder}/{self.common_file}"))

    def _take(self, counter: str, answer: Fetched) -> None:
        """Put a file into flash memory when its counter or its digest says that it is new."""
        file = read_text(answer.body) if answer.status == _OK else None
        if file is None:
            return
        digest = hashlib.sha256(answer.body).hexdigest()
        if not self._is_new(counter, file, digest):
            return
        self.versions[counter] = file.version
        self.digests[counter] = digest
        self.flash.update(known(file, self.generation))

    def _is_new(self, counter: str, file: TextFile, digest: str) -> bool:
        if self.flash.get(self.generation.digest) == "1" and digest != self.digests.get(counter):
            return True
        current = self.versions.get(counter)
        if current is None:
            return True
        return file.version != current if counter == "common" else file.version > current

    def _stored_url(self) -> str:
        address, name, protocol, mode = (
            self.generation.value_of(self.flash, part) for part in self.generation.server
        )
        if not address or mode not in {"1", "2"}:
            return ""
        if "://" not in address:
            address = f"{_SCHEMES.get(protocol, 'tftp')}://{address}"
        return self._expand(f"{address.rstrip('/')}/{name}" if name else address)

    def _understood(self) -> DeviceConfig:
        generation, flash = self.generation, self.flash
        transports = {"0": "udp", "1": "tcp", generation.tls: "tls"}
        changes = flash.get((generation.time_module, "", generation.daylight)) == "2"
        zone = flash.get((generation.time_module, "", "Time Zone"), "")
        tagged = flash.get(("QOS CONFIG MODULE", "", "Enable VLAN")) == "1"
        emergency = flash.get((generation.phone_module, "", "Emergency Call"), "110")
        return DeviceConfig(
            accounts=meaning.accounts(flash, self.lines, transports),
            keys=self._keys(),
            provisioning_url=self.server_url,
            language=self._language(),
            utc_offset_min=int(zone) * 15 if zone else None,
            dst_start=meaning.daylight(flash, generation.time_module, "Start") if changes else None,
            dst_end=meaning.daylight(flash, generation.time_module, "End") if changes else None,
            vlan_id=int(flash.get(("QOS CONFIG MODULE", "", "VLAN ID"), "0")) if tagged else 0,
            ntp_server=flash.get((generation.time_module, "", "SNTP Server"), ""),
            admin_password=flash.get(("MMI CONFIG MODULE", "", "Account1 Password"), "admin"),
            emergency_numbers=(emergency,) if emergency else (),
            multicast_listen=meaning.multicast(flash),
            door_open_code=flash.get(("EGS CFG MODULE", "", "Opening Password"), ""),
            raw={_raw_name(place): value for place, value in flash.items()},
        )

    def _keys(self) -> tuple[SimKey, ...]:
        """Return the keys that can be pressed."""
        return meaning.keys(self.flash, self.generation.key_module, self.blocks)

    def _language(self) -> str:
        if self.generation is NEW:
            word = self.flash.get((NEW.phone_module, "", "Default Language"), "")
            return _ISO.get(word, word)
        return _LANGUAGE_NUMBERS.get(self.flash.get((OLD.time_module, "", "Language"), "0"), "en")

    def _fetch_phonebook(self) -> None:
        url = self.flash.get((self.generation.phone_module, "", "XML-PBook1 Addr"), "")
        if url:
            self.get(url)


def _raw_name(place: Place) -> str:
    module, heading, name = place
    return f"<{module}> --{heading}-- {name}" if heading else f"<{module}> {name}"


class H2uV2(FanvilDevice):
    """A hotel telephone without a screen: ten digits that dial, one key for emergencies."""

    model_id = "fanvil/h2u-v2"
    product = pnp_model = "H2U-V2"
    default_firmware = "2.12.20.2"
    common_file = "F0V2UV200000.cfg"
    asks_boot_file = True
    blocks = (
        KeyBlock("emergency", "Dsskey Config1", "Fkey", 1),
        KeyBlock("digit", "SoftDss Config", "Fkey", 10),
    )


class X4u(FanvilDevice):
    """A desk phone with three side keys and five pages of six DSS keys."""

    model_id = "fanvil/x4u"
    product = pnp_model = "X4U"
    default_firmware = "2.12.1.3"
    lines = 12

    def _keys(self) -> tuple[SimKey, ...]:
        pages = int(self.flash.get((NEW.key_module, "", "FuncKey Page Num"), "5"))
        blocks = (
            KeyBlock("side", "Sidekey Config1", "Fkey", 3),
            KeyBlock("dss", "Dsskey Config{page}", "Fkey", 6, min(pages, 5)),
        )
        return meaning.keys(self.flash, NEW.key_module, blocks)


class H5(FanvilDevice):
    """A hotel phone of the classic generation with a colour screen."""

    model_id = "fanvil/h5"
    product = pnp_model = "H5"
    default_firmware = "2.12.1.7223"
    generation = OLD
    common_file = "f0H5hw1.100.cfg"
    blocks = (KeyBlock("line", "", "Fkey", 6), KeyBlock("soft", "", "SoftFkey", 10))

    def _keys(self) -> tuple[SimKey, ...]:
        places = self.flash.get(("SCREEN KEY CONFIG MODULE", "", "Desktop Softkey"), "").split(";")
        shown = {f"soft-{place.removeprefix('dsskey')}" for place in places}
        return tuple(
            key for key in super()._keys() if key.slot.startswith("line-") or key.slot in shown
        )


class I30(FanvilDevice):
    """A door station of the classic generation with one call button."""

    model_id = "fanvil/i30"
    product = "i30"
    pnp_model = "VOIP PHONE"
    default_firmware = "2.10.0.7386"
    generation = OLD
    blocks = (KeyBlock("call", "", "Fkey", 1),)


DEVICES: dict[str, Callable[[str, Fetch, str], SimulatedDevice]] = {
    device.model_id: device for device in (H2uV2, X4u, H5, I30)
}
