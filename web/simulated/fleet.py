"""Many simulated phones at once: they boot, register and fetch again when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from web.simulated import fanvil, gigaset, snom, yealink
from web.simulated.device import DeviceConfig, Fetch, SimulatedDevice
from web.simulated.sip_user import Resolve, SipEngine, SipUser

DEVICES: dict[str, Callable[[str, Fetch, str], SimulatedDevice]] = {
    **fanvil.DEVICES,
    **gigaset.DEVICES,
    **snom.DEVICES,
    **yealink.DEVICES,
}
BOOTING_AT_ONCE = 8


@dataclass(slots=True)
class FleetPhone:
    """A simulated phone: its device, and its SIP side once it has accounts."""

    device: SimulatedDevice
    user: SipUser | None = None
    fetched_again: int = 0

    @property
    def config(self) -> DeviceConfig:
        """What the device understood of its files."""
        return self.device.config


class Fleet:
    """Simulated phones by MAC.

    Args:
        phones: model id by MAC.
        fetch: how they reach servers.
        resolve: the address of a SIP server by the name in the files.
    """

    def __init__(self, phones: Mapping[str, str], fetch: Fetch, resolve: Resolve) -> None:
        self.phones = {
            mac: FleetPhone(DEVICES[model](mac, fetch, "")) for mac, model in phones.items()
        }
        self._engine = SipEngine()
        self._resolve = resolve

    def boot(self, url: str, then: Callable[[FleetPhone], None] | None = None) -> None:
        """Boot all phones from what DHCP option 66 says; ``then`` is called for each."""

        def boot_one(phone: FleetPhone) -> None:
            phone.device.boot(dhcp_url=url)
            if then is not None:
                then(phone)

        with ThreadPoolExecutor(BOOTING_AT_ONCE) as pool:
            list(pool.map(boot_one, self.phones.values()))

    def register(self, macs: Iterable[str] | None = None) -> dict[str, list[int]]:
        """Register every account that the phones know; returns SIP status codes by MAC."""
        wanted = [self.phones[mac] for mac in (macs or self.phones)]
        with ThreadPoolExecutor(BOOTING_AT_ONCE) as pool:
            results = pool.map(self._register, wanted)
            return {p.device.mac: codes for p, codes in zip(wanted, results, strict=True)}

    def close(self) -> None:
        """Unregister and stop."""
        for phone in self.phones.values():
            if phone.user is not None:
                phone.user.close()
        self._engine.close()

    def _register(self, phone: FleetPhone) -> list[int]:
        if not phone.config.accounts:
            return []
        if phone.user is None:
            phone.user = SipUser(
                self._engine,
                phone.config.accounts,
                phone.device.sip_user_agent,
                resolve=self._resolve,
            )
            phone.user.on_check_sync = lambda _reboot: self._fetch_again(phone)
        return [result.status for result in phone.user.register(timeout_s=10.0)]

    def _fetch_again(self, phone: FleetPhone) -> None:
        phone.fetched_again += 1
        phone.device.boot(cycles=1)
