"""A real Asterisk that runs from bellwire's own proposal: its modules and no others."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

from pydantic import SecretStr

from provisioner.catalogue.loader import shipped_folder
from provisioner.catalogue.models import Kind
from provisioner.inventory.pbx_hardening import Hardening
from provisioner.inventory.records import Account, Pbx, Site
from provisioner.mac import MacAddress
from provisioner.pbx.asterisk import export
from provisioner.pbx.proposal import proposal
from provisioner.pbx.site import PbxPhone, PbxSite, voicemail_pin
from provisioner.settings import PhoneSettings
from tests.simulators.asterisk import Asterisk

_DIRECTORIES = re.compile(r"\[directories\].*?(?=\n\[options\])", re.DOTALL)
_VERBOSE = "messages.log => notice,warning,error,verbose(3)"


class HardenedAsterisk(Asterisk):
    """The rig with the proposal in place of its own files; only ports and folders are the rig's.

    Args:
        site: what it serves.
        files: folder for the exported files.
        address: where it listens for SIP.
        command: put before the command line that starts it, such as that of a namespace.
    """

    def __init__(
        self, site: PbxSite, files: Path, address: str = "127.0.0.1", command: tuple[str, ...] = ()
    ) -> None:
        self.site = site
        self._address = address
        self._before = command
        files.mkdir(exist_ok=True)
        for file in export(site, shipped_folder()):
            (files / file.name).write_text(file.text, "utf-8")
        super().__init__(files)

    def _start(self) -> None:
        self._prepared, self._program = self._program, str(self.directory / "start")
        start = Path(self._program)
        start.write_text(f'#!/bin/sh\nexec {" ".join((*self._before, self._prepared))} "$@"\n')
        start.chmod(0o700)
        try:
            super()._start()
        finally:
            self._program = self._prepared

    def _write_configuration(self) -> None:
        super()._write_configuration()
        folders = _DIRECTORIES.search((self.directory / "asterisk.conf").read_text("utf-8"))
        assert folders
        ami = Pbx(
            "asterisk", "127.0.0.1", self.ami_port, self.ami_user, SecretStr(self.ami_secret),
            hardening=self.site.site.pbx.hardening if self.site.site.pbx else Hardening(),
        )  # fmt: skip
        hardening = replace(
            ami.hardening, rtp_first=self._ports.rtp_first, rtp_last=self._ports.rtp_last
        )
        ami = replace(ami, hardening=hardening)
        for file in proposal(
            replace(self.site, site=replace(self.site.site, pbx=ami)), shipped_folder()
        ):
            text = file.text.replace('include "', f'include "{self.include_dir}/')
            text = text.replace("0.0.0.0:5060", f"{self._address}:{self.sip_port}")
            if file.name == "asterisk.conf":
                text = f"{folders[0]}\n\n{text}\nverbose = 3\n"
            if file.name == "logger.conf":
                text = text.replace("messages.log => notice,warning,error", _VERBOSE)
            (self.directory / file.name).write_text(text, "utf-8")


def account(extension: str, name: str, *, voicemail: bool = False) -> Account:
    secret = SecretStr(f"secret-of-{extension}")
    return Account("aurora", extension, name, secret, voicemail)


def phone(
    number: int, room: str, *accounts: str, preset: str = "office", **more: object
) -> PbxPhone:
    kind = more.pop("kind", Kind.HOTEL)
    assert isinstance(kind, Kind)
    settings = PhoneSettings.model_validate(more)
    return PbxPhone(
        MacAddress(f"0c383e{number:06x}"), kind, accounts, room, "desk", preset, settings
    )


def aurora(hardening: Hardening | None = None, *networks: str) -> PbxSite:
    """A small hotel with an account of every class."""
    site = Site(
        id="aurora",
        name="Hotel Aurora",
        networks=tuple(map(ip_network, networks or ("127.0.0.0/24",))),
        numbers={"reception": "100", "emergency": "112", "rescue": "0800112"},
        pbx=Pbx(hardening=hardening or Hardening()),
    )
    accounts = (
        account("100", "Reception", voicemail=True),
        account("2214", "Room 214"),
        account("2215", "Room 215"),
        account("2900", "Door"),
        account("2950", "Lift"),
        account("2951", "Service lift"),
    )
    locked = {"menu_locked": True}
    phones = (
        phone(1, "Reception", "100", kind=Kind.DESK, preset="reception", sip={"srtp": "optional"}),
        phone(2, "214", "2214", access=locked),
        phone(3, "215", "2215", access=locked),
        phone(4, "Door", "2900", kind=Kind.DOOR_STATION, door={"call": "100"}),
        phone(5, "Lift", "2950", preset="lift", calls={"hotline": "100"}, access=locked),
        phone(6, "Service lift", "2951", preset="lift", calls={"hotline": "0800112"}),
    )
    pins = {a.extension: voicemail_pin(a.secret) for a in accounts if a.voicemail and a.secret}
    return PbxSite(site, accounts, phones, pins)
