"""What every simulated device has in common: how it fetches, and what it understood.

A vendor's device asks for its vendor's names in its vendor's order, reads what it gets as that
firmware would, and keeps what a device keeps in flash: settings, file versions, server URL.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server answered: status (TFTP: 200 or 404), body, headers (names in lower case)."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Fetch = Callable[[str, str], Fetched]
"""``fetch(url, user_agent)``; ``http``, ``https`` and ``tftp`` URLs."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request the device made, in order."""

    url: str
    status: int


@dataclass(frozen=True, slots=True)
class SimAccount:
    """A SIP account as the device understood it."""

    number: int
    user: str
    auth_user: str
    secret: str
    server: str
    port: int = 5060
    transport: str = "udp"
    display_name: str = ""
    label: str = ""
    expires_s: int = 3600
    mwi: bool = False
    hotline: str = ""
    auto_answer: bool = False
    dtmf: str = "rfc4733"


@dataclass(frozen=True, slots=True)
class SimKey:
    """A key as the device understood it.

    Attributes:
        slot: ``group-n`` with bellwire's group names (``line-3``, ``digit-1``, ``side-2``,
            ``exp1-5`` for an expansion module): the device counts what it read itself.
        type: one of bellwire's key type words (``blf``, ``speed_dial``, ``line``, ``dtmf`` ...).
            A door key is ``dtmf``, an emergency key is ``speed_dial``: devices know no more.
    """

    slot: str
    type: str
    value: str = ""
    label: str = ""
    account: int = 1
    pickup: str = ""


@dataclass(frozen=True, slots=True)
class SimHandset:
    """A DECT handset slot of a base as the base understood it."""

    slot: int
    name: str
    account: int
    ipui: str = ""


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """What the device would now do; unknown things stay at their defaults.

    Attributes:
        utc_offset_min: standard time, minutes east of UTC; None when not told.
        dst_start: (month, week 1-5, weekday 0=Sunday, hour) or None.
        raw: every vendor parameter as read, for tests that look closer.
    """

    accounts: tuple[SimAccount, ...] = ()
    keys: tuple[SimKey, ...] = ()
    handsets: tuple[SimHandset, ...] = ()
    provisioning_url: str = ""
    language: str = ""
    utc_offset_min: int | None = None
    dst_start: tuple[int, int, int, int] | None = None
    dst_end: tuple[int, int, int, int] | None = None
    vlan_id: int = 0
    ntp_server: str = ""
    admin_password: str = ""
    emergency_numbers: tuple[str, ...] = ()
    multicast_listen: tuple[str, ...] = ()
    door_open_code: str = ""
    raw: dict[str, str] = field(default_factory=dict)


class SimulatedDevice(ABC):
    """A device with a MAC and flash memory.

    Args:
        mac: twelve lower-case hex digits.
        fetch: how it reaches servers.
        firmware: version as it writes it in its User-Agent.
    """

    vendor: str = ""
    model_id: str = ""
    pnp_model: str = ""

    def __init__(self, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.mac = mac
        self.firmware = firmware or self.default_firmware
        self.requests: list[Request] = []
        self.config = DeviceConfig()
        self.server_url = ""  # in flash, learnt from a file
        self.applied = 0  # how often a file changed something
        self._fetch = fetch

    @property
    @abstractmethod
    def default_firmware(self) -> str:
        """The version a fresh device of this model has."""

    @property
    @abstractmethod
    def user_agent(self) -> str:
        """HTTP User-Agent."""

    @property
    @abstractmethod
    def sip_user_agent(self) -> str:
        """SIP User-Agent."""

    @abstractmethod
    def provision(self, url: str) -> bool:
        """Run one provisioning cycle from ``url``; returns whether settings were applied.

        A device that learns another server URL in the cycle remembers it in ``server_url``; it
        uses that one at the next cycle.
        """

    def boot(self, dhcp_url: str = "", pnp_url: str = "", cycles: int = 3) -> DeviceConfig:
        """Provision until nothing changes, as a device does over restarts and timers.

        A stored server URL is tried before what DHCP or PnP say again, so that the simulated
        device, like a configured one, stays with its server.
        """
        for _ in range(cycles):
            url = self.server_url or pnp_url or dhcp_url
            if not url:
                break
            before = self.server_url
            changed = self.provision(url)
            if not changed and self.server_url == before:
                break
        return self.config

    def get(self, url: str) -> Fetched:
        """Fetch a URL with this device's User-Agent and remember it."""
        answer = self._fetch(url, self.user_agent)
        self.requests.append(Request(url, answer.status))
        return answer
