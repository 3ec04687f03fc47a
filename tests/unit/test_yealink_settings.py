"""The list of settings of every Yealink dialect says what its templates do: no more, no less."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import KeyType, PhoneKey
from provisioner.render import render
from provisioner.settings import PhoneSettings
from tests.kits import make_kit

# on this ground every other value can be seen
GROUND: dict[str, Any] = {
    "sip": {
        "outbound_proxy": "sbc.example",
        "backup_registrar": "pbx2.example",
        "srtp": "optional",
    },
    "calls": {"hotline": "100"},
    "network": {"vlan_id": 20, "pc_vlan_id": 30},
    "directory": {"phonebook": True, "ldap_server": "ldap.example"},
    "telemetry": {"syslog_server": "log.example", "rtcp_xr_collector": "qos.example"},
    "firmware": {"version": "1.2.3.4", "url": "http://x.example/a.rom"},
    "access": {"menu_locked": True},
    "hotel": {"name": "Aurora", "room": "214"},
}

OTHER: dict[str, Any] = {
    "sip.failback_s": 60, "sip.stun_server": "stun.example", "sip.stun_port": 3479,
    "network.dot1x": "md5", "network.dot1x_identity": "phone", "network.dot1x_password": "dot1x-pw",
    "audio.ring_file": "http://x.example/r.wav",
    "door.second_open_code": "8#", "door.second_open_s": 9,
    "dect.bases": [{"mac": "805ec0000777", "name": "Other"}],
    "provisioning.window": "01:00-01:30",
    "sip.registrar": "other.example", "sip.port": 5070, "sip.transport": "tls",
    "sip.outbound_proxy": "", "sip.outbound_proxy_port": 5071, "sip.backup_registrar": "",
    "sip.backup_port": 5072, "sip.expires_s": 900, "sip.retry_s": 77, "sip.srtp": "required",
    "sip.dtmf": "info", "sip.keepalive_s": 40, "sip.pickup_code": "**",
    "sip.only_from_registrar": False, "sip.caller_id": "rpid",
    "calls.hotline": "", "calls.hotline_delay_s": 9, "calls.call_waiting": True,
    "calls.auto_answer": True, "calls.intercom": True, "calls.dnd_allowed": True,
    "calls.forward_allowed": True, "calls.forward_always": {"to": "5"},
    "calls.forward_busy": {"to": "5"}, "calls.forward_no_answer": {"to": "5", "after_s": 30},
    "calls.history": True, "calls.voicemail": "5", "calls.voicemail_lamp": False,
    "calls.pound_dials": False, "calls.dial_timeout_s": 9, "calls.conference_allowed": True,
    "locale.language": "fr", "locale.country": "FR", "locale.timezone": "Asia/Tokyo",
    "locale.ntp_servers": ["a.example", "b.example"], "locale.ntp_refresh_s": 999,
    "locale.hours_24": False, "locale.date_order": "ymd",
    "network.vlan_id": 21, "network.vlan_priority": 3, "network.pc_vlan_id": 31,
    "network.lldp": False, "network.cdp": True, "network.dscp_signalling": 1,
    "network.dscp_voice": 1, "network.pc_port": False, "network.hostname": "x",
    "audio.codecs": ["pcma"], "audio.ringtone": 5, "audio.ring_volume_percent": 10,
    "audio.handset_volume_percent": 10, "audio.speaker_volume_percent": 10,
    "audio.key_tones": True, "audio.vad": True,
    "paging.listen": ["239.1.1.1:5000"], "paging.interrupt_calls": True, "paging.codec": "g722",
    "access.admin_password": "Other-1", "access.user_password": "Other-2", "access.web": "http",
    "access.web_allowed_from": ["10.0.0.1"], "access.menu_locked": False,
    "access.menu_pin": "111", "access.direct_ip_calls": True, "access.guest_account": True,
    "directory.phonebook": False, "directory.phonebook_name": "Other",
    "directory.ldap_server": "", "directory.ldap_port": 1389, "directory.ldap_tls": "ldaps",
    "directory.ldap_base": "dc=x", "directory.ldap_user": "u", "directory.ldap_password": "p",
    "directory.ldap_name_filter": "(cn=%)", "directory.ldap_number_filter": "(mobile=%)",
    "telemetry.action_urls": True, "telemetry.syslog_server": "", "telemetry.syslog_port": 515,
    "telemetry.rtcp_xr_collector": "", "telemetry.rtcp_xr_port": 5099,
    "emergency.numbers": ["911"], "emergency.label": "Help",
    "hotel.name": "Other", "hotel.address": "Other", "hotel.phone": "Other",
    "hotel.room": "Other", "hotel.lines": ["Other"],
    "door.call": "5", "door.open_code": "5#", "door.open_s": 9, "door.local_code": "5",
    "door.talk_s": 99, "door.auto_answer": False, "door.hang_up_after_open": True,
    "dect.pin": "5555", "dect.handset_pin": "5555", "dect.role": "base",
    "dect.manager": "x.example", "dect.repeater": True,
    "screen.title": "Other", "screen.backlight_s": 600,
    "screen.wallpaper": "http://x.example/w.png", "screen.logo": "http://x.example/l.dob",
    "firmware.version": "53.84.0.125", "firmware.url": "http://x.example/b.rom",
    "provisioning.repeat_minutes": 5, "provisioning.keep_user_changes": True,
    "provisioning.reboot_on_notify": True, "provisioning.discovery": True,
    "provisioning.trust_ca_url": "http://x.example/ca.pem", "provisioning.verify_server": True,
}  # fmt: skip

# transfer is no setting of the phone; where it is not wanted no key starts one either
ONLY_ITS_KEYS = frozenset({"calls.transfer_allowed"})

PHONES = {
    "v81": (("yealink/t46u", None), ("yealink/t31p", None)),
    "v80": (("yealink/t19p-e2", "53.80.0.3"), ("yealink/t46g", "28.80.0.95")),
    "v70": (("yealink/t28p", "2.72.0.1"), ("yealink/t38g", None)),
    "singlecell": (("yealink/w70b", "146.85.0.5"),),
    "singlecell-v80": (("yealink/w52p", "25.80.0.15"),),
    "multicell": (("yealink/w70b", "146.87.0.18"), ("yealink/w80dm", None), ("yealink/w80b", None)),
}

KEYS = (PhoneKey(type=KeyType.DOOR_OPEN, label="Door", optional=True),)


def bodies(dialect: str, changed: str = "") -> tuple[bytes, ...]:
    settings = {section: dict(values) for section, values in GROUND.items()}
    if changed:
        section, name = changed.split(".")
        settings.setdefault(section, {})[name] = OTHER[changed]
    made = []
    for model_id, firmware in PHONES[dialect]:
        handsets = 2 if load().model(model_id).dect else 0
        kit = make_kit(
            model_id, "guest-room", firmware=firmware,
            settings=settings, handsets=handsets, keys=KEYS,
        )  # fmt: skip
        assert kit.dialect.id == dialect
        made += [file.body for file in render(load().folder, kit)]
    return tuple(made)


@pytest.mark.parametrize("dialect", list(PHONES))
def test_what_is_listed_is_written_and_what_is_not_is_not(dialect: str) -> None:
    listed = load().vendors["yealink"].dialect(dialect).settings
    ground = bodies(dialect)
    wrong = {
        name
        for name in set(OTHER) - {"firmware.version"}
        if (bodies(dialect, name) != ground) != (name in listed or name.split(".", 1)[0] in listed)
    }
    assert wrong == set()


def test_firmware_version_decides_whether_its_url_is_written() -> None:
    for firmware, there in (("108.86.0.20", True), ("108.86.0.90", False)):
        kit = make_kit("yealink/t46u", "office", firmware=firmware, settings={
            "firmware": {"version": "108.86.0.90", "url": "http://x.example/a.rom"}})  # fmt: skip
        assert (b"http://x.example/a.rom" in render(load().folder, kit)[1].body) is there


def test_every_setting_is_judged() -> None:
    names = {
        f"{section}.{name}"
        for section, field in PhoneSettings.model_fields.items()
        for name in getattr(field.annotation, "model_fields", {})
    }
    assert names == set(OTHER) | ONLY_ITS_KEYS
