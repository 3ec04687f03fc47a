"""Simulated Yealink devices: desk, video, conference, Wi-Fi and DECT.

Since firmware 81 a device asks for its own boot file, then for everybody's, and only without
either for the two files of old: its model's and its own. When a boot file exists, what it names
is all that is loaded. Nothing counts before every file is in, and files whose MD5 is known are
no update.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from web.simulated.device import Fetch, SimulatedDevice
from web.simulated.yealink_files import (
    BootFile,
    NotAConfigError,
    Parameters,
    merged,
    read_boot,
    read_config,
)
from web.simulated.yealink_models import MODELS
from web.simulated.yealink_reading import STATIC_SINCE, Hardware, Reading

HTTP_OK = 200


class _UpdateError(Exception):
    """A file that is needed did not come: the update is given up, nothing is applied."""


class SimulatedYealink(SimulatedDevice):
    """One Yealink device.

    Args:
        hardware: which model it is.
        mac: twelve lower-case hex digits.
        fetch: how it reaches servers.
        firmware: version, family number first (``108.86.0.20``).
    """

    vendor = "yealink"

    def __init__(self, hardware: Hardware, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.hardware = hardware
        self.model_id = hardware.model_id
        self.pnp_model = hardware.product
        super().__init__(mac, fetch, firmware)
        self.parameters: Parameters = {}
        self._by_hand: Parameters = {}
        self._known: dict[str, str] = {}  # MD5 by file name

    @property
    def default_firmware(self) -> str:
        """The version a fresh device of this model has."""
        return self.hardware.firmware

    @property
    def version(self) -> int:
        """The generation: the second number of the firmware."""
        return int(self.firmware.split(".")[1])

    @property
    def user_agent(self) -> str:
        """HTTP User-Agent; the MAC can be switched off."""
        if self._reading().static("auto_provision.user_agent_mac.enable", "1") == "0":
            return self.sip_user_agent
        colons = ":".join(self.mac[i : i + 2] for i in range(0, 12, 2))
        return f"{self.sip_user_agent} {self.mac if self.hardware.bare_mac else colons}"

    @property
    def sip_user_agent(self) -> str:
        """SIP User-Agent, without a MAC."""
        return f"{self.hardware.agent} {self.firmware}"

    def change_by_hand(self, name: str, value: str) -> None:
        """Set a parameter at the device; it lasts only as long as it is protected."""
        self._by_hand[name] = value
        self._settle()

    def provision(self, url: str) -> bool:
        """Load all files, then apply them when one is new."""
        try:
            files, overwrite = self._download(_directory(url))
        except _UpdateError:
            return False
        digests = {
            name: hashlib.md5(body, usedforsecurity=False).hexdigest()
            for name, body in files.items()
        }
        if not files or digests == self._known:
            return False
        self._known = digests
        read = [read_config(body) for body in files.values()]
        self.parameters = merged(self.parameters, read, overwrite=overwrite)
        self.applied += 1
        self._by_hand = {n: v for n, v in self._by_hand.items() if not n.startswith("static.")}
        self._settle()
        self._upgrade()
        return True

    def _download(self, directory: str) -> tuple[dict[str, bytes], bool]:
        """Return the configuration files in order of loading, and the overwrite mode."""
        if self.version >= STATIC_SINCE:
            for name in (f"{self.mac}.boot", "y000000000000.boot"):
                boot = self._boot(directory + name)
                if boot is not None:
                    base = directory + name
                    return self._included(base, boot), boot.overwrite
        found: dict[str, bytes] = {}
        for name in (f"{self.hardware.code}.cfg", f"{self.mac}.cfg"):
            body = self._config_body(directory + name)
            if body is not None:
                found[name] = body
        return found, False

    def _boot(self, url: str) -> BootFile | None:
        answer = self.get(url)
        if answer.status != HTTP_OK:
            return None
        try:
            return read_boot(answer.body, self.hardware.product)
        except NotAConfigError:
            return None

    def _included(self, base: str, boot: BootFile) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for target in boot.includes:
            url = urljoin(base, target)
            body = self._config_body(url)
            if body is None:
                raise _UpdateError(url)
            found[urlsplit(url).path.rsplit("/", 1)[-1]] = body
        return found

    def _config_body(self, url: str) -> bytes | None:
        answer = self.get(url)
        if answer.status != HTTP_OK:
            return None
        try:
            read_config(answer.body)
        except NotAConfigError:
            return None
        return answer.body

    def _reading(self) -> Reading:
        return Reading({**self.parameters, **self._by_hand}, self.hardware, self.version)

    def _settle(self) -> None:
        """Drop what is not protected, then act on what is left."""
        told = Reading(self.parameters, self.hardware, self.version)
        if self._known and told.static("auto_provision.custom.protect", "0") != "1":
            self._by_hand.clear()
        self.config = self._reading().config()
        if self.config.provisioning_url:
            self.server_url = self.config.provisioning_url

    def _upgrade(self) -> None:
        """Fetch the firmware that is named; the version stays, there is nothing to flash."""
        rom = self._reading().static("firmware.url")
        if rom:
            self.get(rom)


def _directory(url: str) -> str:
    """A provisioning URL as a directory: one that names a configuration file means its place."""
    if url.endswith((".cfg", ".boot")):
        return url.rsplit("/", 1)[0] + "/"
    return url if url.endswith("/") else url + "/"


def _maker(hardware: Hardware) -> Callable[[str, Fetch, str], SimulatedDevice]:
    def make(mac: str, fetch: Fetch, firmware: str = "") -> SimulatedDevice:
        return SimulatedYealink(hardware, mac, fetch, firmware)

    return make


DEVICES: dict[str, Callable[[str, Fetch, str], SimulatedDevice]] = {
    model_id: _maker(hardware) for model_id, hardware in MODELS.items()
}
"""A maker for each model id: ``DEVICES[id](mac, fetch, firmware)``; empty firmware: the model's."""
