"""The old DECT base m3: one text file of ``%NAME%:value`` lines that must end as it should."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from web.simulated.device import DeviceConfig, Fetch, SimAccount, SimHandset, SimulatedDevice
from web.simulated.snom_spec import SnomSpec

_OK = 200
_LINE = re.compile(r'%([A-Z0-9_]+)%:\s*(?:"([^"]*)"|([^"\s/]*))\s*(?://.*)?')
_END = "END_OF_FILE"


class SnomM3(SimulatedDevice):
    """A base with eight lines, counted from 0 in its file.

    Attributes:
        refused: lines that are neither a parameter nor a comment.
    """

    vendor = "snom"

    def __init__(self, spec: SnomSpec, mac: str, fetch: Fetch, firmware: str = "") -> None:
        self.spec = spec
        super().__init__(mac, fetch, firmware)
        self.model_id = spec.model_id
        self.pnp_model = spec.type_string
        self.flash: dict[str, str] = {}
        self.refused: list[str] = []

    @property
    def default_firmware(self) -> str:
        """Assumed: no version of a recorded m3 is known."""
        return self.spec.firmware or "2.11"

    @property
    def user_agent(self) -> str:
        """Assumed to be as that of its successor, the m9."""
        return f"Mozilla/4.0 (compatible; snom m3 {self.firmware})"

    @property
    def sip_user_agent(self) -> str:
        """Assumed too."""
        return f"snomm3/{self.firmware}"

    def provision(self, url: str) -> bool:
        """Fetch its one file below what it was told; a file without its end is not read."""
        folder = url if url.endswith("/") else url + "/"
        answer = self.get(f"{folder}m3/settings/{self.mac.upper()}.cfg")
        before = dict(self.flash)
        if answer.status == _OK:
            self._read(answer.body.decode("latin-1"))
        changed = before != self.flash
        server = self.flash.get("NETWORK_TFTP_SERVER", "")
        if server:
            by_http = self.flash.get("MANAGEMENT_TRANSFER_PROTOCOL") == "1"
            self.server_url = f"{'http' if by_http else 'tftp'}://{server}/"
        self.config = self._understood()
        self.applied += changed
        return changed

    def _read(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        if _END not in lines:
            return
        for line in lines[: lines.index(_END)]:
            match = _LINE.fullmatch(line)
            if match:
                self.flash[match[1]] = match[3] if match[2] is None else match[2]
            elif line and not line.startswith("//"):
                self.refused.append(line)

    def _understood(self) -> DeviceConfig:
        numbers = range(self.spec.accounts)
        used = [n for n in numbers if self.flash.get(f"SUBSCR_{n}_SIP_UA_DATA_SIP_NAME")]
        return DeviceConfig(
            accounts=tuple(self._account(n) for n in used),
            handsets=tuple(SimHandset(n + 1, self._of(n, "DISP_NAME"), n + 1) for n in used),
            provisioning_url=self.server_url if urlsplit(self.server_url).hostname else "",
            ntp_server=self.flash.get("NETWORK_SNTP_SERVER", ""),
            raw=dict(self.flash),
        )

    def _of(self, n: int, name: str) -> str:
        return self.flash.get(f"SUBSCR_{n}_UA_DATA_{name}", "")

    def _account(self, n: int) -> SimAccount:
        get = self.flash.get
        return SimAccount(
            number=n + 1,
            user=get(f"SUBSCR_{n}_SIP_UA_DATA_SIP_NAME", ""),
            auth_user=self._of(n, "AUTH_NAME"),
            secret=self._of(n, "AUTH_PASS"),
            server=get("SRV_0_SIP_UA_DATA_DOMAIN", ""),
            port=int(get("SRV_0_SIP_UA_DATA_SERVER_PORT") or 5060),
            display_name=self._of(n, "DISP_NAME"),
            label=get(f"SUBSCR_{n}_SIP_UA_DATA_SIP_NAME_ALIAS", ""),
            expires_s=int(get("SRV_0_SIP_UA_DATA_REREG_TIME") or 3600),
            mwi=bool(get(f"SUBSCR_{n}_SIP_UA_DATA_VOICE_MAILBOX_NUMBER")),
        )
