"""Simulated Fanvil phones and door stations.

They ask for a boot file, a common file and their own file, keep one version counter for the
common file and one for their own, and read text or XML of their generation: a file of the
other one is fetched, found in order, and changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from web.simulated import fanvil_meaning as meaning
from web.simulated.device import DeviceConfig, Fetch, Fetched, SimKey, SimulatedDevice
from web.simulated.fanvil_flash import Flash
from web.simulated.fanvil_generations import NEW, OLD, known
from web.simulated.fanvil_spec import SPECS, FanvilSpec
from web.simulated.fanvil_text import ConfigFile, is_html, read_manifest, read_text
from web.simulated.fanvil_xml import read_xml

_SCHEMES = {"1": "ftp", "2": "tftp", "4": "http", "5": "https"}
_FORBIDDEN = 403
_OK = 200
_ISO = {"cn": "zh", "slo": "sl", "cz": "cs", "ua": "uk", "jp": "ja", "kr": "ko", "kz": "kk",
        "cat": "ca", "eus": "eu", "gal": "gl"}  # fmt: skip
_LANGUAGE_NUMBERS = {"0": "en", "3": "nl", "5": "fr", "6": "es", "7": "it", "16": "de"}
_LANGUAGE_NUMBERS_OF_DESKS = {"0": "en", "3": "nl", "4": "fr", "7": "it", "10": "es", "16": "de"}

Maker = Callable[[str, Fetch, str], SimulatedDevice]


class _CycleAborted(Exception):  # noqa: N818 - it is how a cycle ends, not an error
    """The firmware gives up the whole cycle."""


class FanvilDevice(SimulatedDevice):
    """A Fanvil device: its counters, its flash memory and its provisioning cycle.

    Args:
        spec: which model it is.
        mac: twelve lower-case hex digits.
        fetch: how it reaches servers.
        firmware: version as it writes it in its User-Agent; empty: the spec's.
    """

    vendor = "fanvil"

    def __init__(self, spec: FanvilSpec, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.spec = spec
        super().__init__(mac, fetch, firmware)
        self.model_id = spec.model_id
        self.product = spec.product
        self.pnp_model = spec.pnp_model or spec.product
        self.generation = NEW if spec.generation == "new" else OLD
        self.flash = Flash()
        self.versions: dict[str, tuple[int, ...]] = {}
        self.digests: dict[str, str] = {}

    @property
    def default_firmware(self) -> str:
        """The version a fresh device of this model has."""
        return self.spec.firmware

    @property
    def user_agent(self) -> str:
        """HTTP User-Agent."""
        return f"{self.spec.seller} {self.spec.product} {self.firmware} {self.mac}"

    @property
    def sip_user_agent(self) -> str:
        """SIP User-Agent."""
        return self.user_agent

    def provision(self, url: str) -> bool:
        """Run one cycle: boot file, common file, the device's own file, phone book, firmware."""
        folder, _, name = self._expand(url).rpartition("/")
        try:
            own = self._from_boot_file(folder)
            changed = self._fetch_common(folder)
            changed = self._take_own(own, folder, name) or changed
        except _CycleAborted:
            return False
        if changed:
            self.applied += 1
            self.server_url = self._stored_url() or self.server_url
            self.config = self._understood()
            self._fetch_phonebook()
        self._upgrade()
        return changed

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
        wanted = "1" if self.spec.asks_boot_file else "0"
        if self.generation.value_of(self.flash, "Download Boot File", wanted) != "1":
            return ""
        for name in (f"{self.mac}.boot", "F00000000000.boot"):
            answer = self._ask(f"{folder}/{name}")
            if answer.status == _OK:
                return self._expand(read_manifest(answer.body).get("config", ""))
        return ""

    def _fetch_common(self, folder: str) -> bool:
        wanted = self.generation.value_of(self.flash, "Download CommonConf", "1")
        if not self.spec.common_file or wanted != "1":
            return False
        return self._take("common", self._ask(f"{folder}/{self.spec.common_file}"))

    def _take_own(self, named: str, folder: str, name: str) -> bool:
        """Fetch the device's own file: the one that is named, or those of its own names."""
        if named or name:
            return self._take("device", self._ask(named or f"{folder}/{name}"))
        for ending in self.spec.own_endings:
            answer = self._ask(f"{folder}/{self.mac}{ending}")
            if answer.status == _OK:
                return self._take("device", answer)
        return False

    def _take(self, counter: str, answer: Fetched) -> bool:
        """Put a file into flash memory when its counter or its digest says that it is new."""
        if answer.status != _OK:
            return False
        file = read_text(answer.body) or read_xml(answer.body)
        digest = hashlib.sha256(answer.body).hexdigest()
        if file is None or not self._is_new(counter, file, digest):
            return False
        self.versions[counter] = file.version
        self.digests[counter] = digest
        return self.flash.write(known(file, self.generation))

    def _is_new(self, counter: str, file: ConfigFile, digest: str) -> bool:
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
        zone = flash.get((generation.time_module, "", "Time Zone"))
        tagged = flash.get(("QOS CONFIG MODULE", "", "Enable VLAN")) == "1"
        emergency = flash.get((generation.phone_module, "", "Emergency Call"), "110")
        return DeviceConfig(
            accounts=meaning.accounts(flash, self.spec.lines, transports),
            keys=self._keys(),
            provisioning_url=self.server_url,
            language=self._language(),
            utc_offset_min=int(zone) * 15 if zone else None,
            dst_start=meaning.daylight(flash, generation.time_module, "Start") if changes else None,
            dst_end=meaning.daylight(flash, generation.time_module, "End") if changes else None,
            vlan_id=int(flash.get(("QOS CONFIG MODULE", "", "VLAN ID"), "0")) if tagged else 0,
            ntp_server=flash.get((generation.time_module, "", "SNTP Server")),
            admin_password=flash.get(("MMI CONFIG MODULE", "", "Account1 Password"), "admin"),
            emergency_numbers=(emergency,) if emergency else (),
            multicast_listen=meaning.multicast(flash),
            door_open_code=flash.get(("EGS CFG MODULE", "", "Opening Password")),
            raw=flash.named(),
        )

    def _keys(self) -> tuple[SimKey, ...]:
        """Return the keys that can be pressed: a soft key only where the screen shows it."""
        generation = self.generation
        places = self.flash.get((generation.softkeys, "", "Desktop Softkey")).split(";")
        shown = {f"soft-{place.removeprefix(generation.place)}" for place in places}
        keys = meaning.keys(self.flash, generation.key_module, self.spec.blocks)
        return tuple(k for k in keys if not k.slot.startswith("soft-") or k.slot in shown)

    def _language(self) -> str:
        if self.generation is NEW:
            word = self.flash.get((NEW.phone_module, "", "Default Language"))
            return _ISO.get(word, word)
        numbers = _LANGUAGE_NUMBERS_OF_DESKS if self.spec.is_desk else _LANGUAGE_NUMBERS
        return numbers.get(self.flash.get((OLD.time_module, "", "Language"), "0"), "en")

    def _fetch_phonebook(self) -> None:
        url = self.flash.get((self.generation.phone_module, "", "XML-PBook1 Addr"))
        if url:
            self.get(url)

    def _upgrade(self) -> None:
        """Look into the list of firmware, if told to, and load an image of another version."""
        server = self.flash.get((self.generation.upgrade_module, "", "Upgrade Server 1"))
        told = self.flash.get((self.generation.upgrade_module, "", "Enable Auto Upgrade"))
        if told != "1" or not server or not self.spec.firmware_list:
            return
        found = self.get(f"{server.rstrip('/')}/{self.spec.firmware_list}.txt")
        offered = read_manifest(found.body) if found.status == _OK else {}
        version = offered.get("version", "")
        if version and version != self.firmware and "firmware" in offered:
            image = self.get(offered["firmware"])
            self.firmware = version if image.status == _OK else self.firmware


def maker(spec: FanvilSpec) -> Maker:
    """Return what makes devices of a model: ``maker(spec)(mac, fetch, firmware)``."""

    def make(mac: str, fetch: Fetch, firmware: str = "") -> SimulatedDevice:
        return FanvilDevice(spec, mac, fetch, firmware)

    return make


DEVICES: dict[str, Maker] = {spec.model_id: maker(spec) for spec in SPECS}
