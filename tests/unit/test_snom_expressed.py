"""The list of settings of every Snom dialect says what its templates do: no more, no less."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import KeyType, PhoneKey
from provisioner.render import render
from provisioner.settings import PhoneSettings
from tests.kits import make_kit

# two grounds: what is hidden by another setting on one of them is seen on the other
PLAIN: dict[str, Any] = {
    "sip": {"srtp": "optional"},
    "firmware": {"version": "07.40.0104", "url": "http://x.example/a.bin"},
    "network": {"vlan_id": 20},
}
BUSY: dict[str, Any] = {
    "sip": {
        "outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example",
        "stun_server": "stun.example",
    },
    "calls": {"hotline": "100", "voicemail": "*97", "auto_answer": False},
    "paging": {"listen": ["239.1.1.2:5000"]},
    "network": {
        "vlan_id": 20, "pc_vlan_id": 30, "dot1x": "md5", "dot1x_identity": "phone",
        "dot1x_password": "dot1x-pw",
    },
    "directory": {"phonebook": True, "ldap_server": "ldap.example"},
    "telemetry": {"syslog_server": "log.example", "rtcp_xr_collector": "qos.example"},
    "hotel": {"name": "Aurora", "room": "214"},
    "access": {"menu_pin": "4711"},
    "provisioning": {"window": ""},
}  # fmt: skip

OTHER: dict[str, Any] = {
    "sip.registrar": "other.example", "sip.port": 5070, "sip.transport": "tls",
    "sip.outbound_proxy": "o.example", "sip.outbound_proxy_port": 5071,
    "sip.backup_registrar": "b.example", "sip.backup_port": 5072, "sip.failback_s": 60,
    "sip.stun_server": "s.example", "sip.stun_port": 3479, "sip.expires_s": 900,
    "sip.retry_s": 77, "sip.srtp": "off", "sip.dtmf": "info", "sip.keepalive_s": 40,
    "sip.pickup_code": "**", "sip.only_from_registrar": False, "sip.caller_id": "rpid",
    "calls.hotline": "7", "calls.hotline_delay_s": 9, "calls.call_waiting": True,
    "calls.auto_answer": True, "calls.intercom": True, "calls.dnd_allowed": True,
    "calls.forward_allowed": True, "calls.forward_always": {"to": "5"},
    "calls.forward_busy": {"to": "5"}, "calls.forward_no_answer": {"to": "5", "after_s": 30},
    "calls.transfer_allowed": True, "calls.conference_allowed": True, "calls.history": True,
    "calls.voicemail": "5", "calls.voicemail_lamp": False, "calls.pound_dials": False,
    "calls.dial_timeout_s": 9,
    "locale.language": "fr", "locale.country": "FR", "locale.timezone": "Asia/Tokyo",
    "locale.ntp_servers": ["a.example"], "locale.ntp_refresh_s": 999, "locale.hours_24": False,
    "locale.date_order": "mdy",
    "network.vlan_id": 21, "network.vlan_priority": 3, "network.pc_vlan_id": 31,
    "network.lldp": False, "network.cdp": True, "network.dscp_signalling": 1,
    "network.dscp_voice": 1, "network.pc_port": False, "network.hostname": "x",
    "network.dot1x": "md5", "network.dot1x_identity": "other", "network.dot1x_password": "other-pw",
    "audio.codecs": ["pcma"], "audio.ringtone": 5, "audio.ring_file": "library:r.wav",
    "audio.ring_volume_percent": 10, "audio.handset_volume_percent": 10,
    "audio.speaker_volume_percent": 10, "audio.key_tones": True, "audio.vad": True,
    "paging.listen": ["239.1.1.1:5000"], "paging.interrupt_calls": True, "paging.codec": "g722",
    "access.admin_password": "Other-1", "access.user_password": "Other-2", "access.web": "off",
    "access.web_allowed_from": ["10.0.0.1"], "access.menu_locked": False,
    "access.menu_pin": "111", "access.direct_ip_calls": True, "access.guest_account": True,
    "directory.phonebook": True, "directory.phonebook_name": "Other",
    "directory.ldap_server": "l.example", "directory.ldap_port": 1389,
    "directory.ldap_tls": "ldaps", "directory.ldap_base": "dc=x", "directory.ldap_user": "u",
    "directory.ldap_password": "p", "directory.ldap_name_filter": "(cn=%)",
    "directory.ldap_number_filter": "(mobile=%)",
    "telemetry.action_urls": True, "telemetry.syslog_server": "y.example",
    "telemetry.syslog_port": 515, "telemetry.rtcp_xr_collector": "q.example",
    "telemetry.rtcp_xr_port": 5099,
    "emergency.numbers": ["911"], "emergency.label": "Help",
    "hotel.name": "Other", "hotel.address": "Other", "hotel.phone": "Other",
    "hotel.room": "Other", "hotel.lines": ["Other"],
    "door.call": "5", "door.open_code": "5#", "door.open_s": 9, "door.second_open_code": "8#",
    "door.second_open_s": 9, "door.local_code": "5", "door.talk_s": 99,
    "door.auto_answer": False, "door.hang_up_after_open": True,
    "dect.pin": "5555", "dect.handset_pin": "5556", "dect.role": "manager",
    "dect.manager": "x.example", "dect.bases": [{"mac": "000413000777", "name": "Other"}],
    "dect.repeater": True,
    "screen.title": "Other", "screen.backlight_s": 600, "screen.wallpaper": "library:w.png",
    "screen.logo": "library:l.png",
    "firmware.version": "07.50.0001", "firmware.url": "http://x.example/b.bin",
    "provisioning.repeat_minutes": 5, "provisioning.window": "01:00-01:30",
    "provisioning.keep_user_changes": True, "provisioning.reboot_on_notify": True,
    "provisioning.discovery": True, "provisioning.trust_ca_url": "http://x.example/ca.pem",
    "provisioning.verify_server": True,
}  # fmt: skip

# (model, firmware): together they show all that a dialect's models can do
PHONES: dict[str, tuple[tuple[str, str | None], ...]] = {
    "desk-10": (("snom/d862", None), ("snom/d785", None)),
    "desk-8": (("snom/d375", "8.9.3.80"), ("snom/320", None)),
    "paging": (("snom/pa1-plus", None), ("snom/pa1", None)),
    "rtx-dect": (("snom/m400", None), ("snom/m300", None)),
    "vtech": (("snom/c520-wimi", None),),
    "vtech-c620": (("snom/c620-wimi", None),),
    "vtech-m100": (("snom/m100-kle", None), ("snom/m100-sc", None)),
    "vtech-m500": (("snom/m500-kle", None),),
    "vtech-core": (("snom/hd100", None), ("snom/hm201", None)),
    "m3": (("snom/m3", None),),
}
KEYS = (
    PhoneKey(type=KeyType.DOOR_OPEN, label="Door", optional=True),
    PhoneKey(type=KeyType.EMERGENCY, optional=True),
)


def bodies(dialect: str, ground: dict[str, Any], changed: str = "") -> tuple[bytes, ...]:
    settings = {section: dict(values) for section, values in ground.items()}
    if changed:
        section, name = changed.split(".")
        settings.setdefault(section, {})[name] = OTHER[changed]
    made: list[bytes] = []
    for model_id, firmware in PHONES[dialect]:
        handsets = 2 if load().model(model_id).dect else 0
        kit = make_kit(
            model_id, "guest-room", firmware=firmware, settings=settings, handsets=handsets,
            keys=KEYS,
        )  # fmt: skip
        assert kit.dialect.id == dialect
        made += [file.body for file in render(load().folder, kit)]
    return tuple(made)


@pytest.mark.parametrize("dialect", list(PHONES))
def test_what_is_listed_is_written_and_what_is_not_is_not(dialect: str) -> None:
    listed = load().vendors["snom"].dialect(dialect).settings
    seen: set[str] = set()
    for ground in (PLAIN, BUSY):
        before = bodies(dialect, ground)
        seen |= {name for name in OTHER if bodies(dialect, ground, name) != before}
    wanted = {name for name in OTHER if name in listed or name.split(".", 1)[0] in listed}
    if dialect != "rtx-dect":  # elsewhere a version only decides whether a firmware is offered
        seen |= wanted & {"firmware.version"}
    assert (seen - wanted, wanted - seen) == (set(), set())


def test_every_dialect_and_setting_is_judged() -> None:
    assert set(PHONES) == {d.id for d in load().vendors["snom"].dialects}
    names = {
        f"{section}.{name}"
        for section, field in PhoneSettings.model_fields.items()
        for name in getattr(field.annotation, "model_fields", {})
    }
    assert names == set(OTHER)
