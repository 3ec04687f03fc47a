"""What the devices know that VTech builds, module by module, and which values they take.

They throw away a whole module for one unknown name or one bad value, so the lists matter.
``#`` stands for an index.
"""

from __future__ import annotations

import re
from functools import cache

from web.simulated.snom_spec import Line

# in files of every device of the line
_CORE = {
    "profile": "admin.access_password user.access_password",
    "provisioning": """server_address server_username server_access_password firmware_url
        handset_firmware_url fw_server_username fw_server_access_password resync_mode resync_time
        bootup_check_enable schedule_mode weekdays weekdays_start_hr weekdays_end_hr
        remote_check_sync_enable dhcp_option_enable dhcp_option_priority_1 dhcp_option_priority_2
        dhcp_option_priority_3 pnp_enable pnp_response_timeout crypto_enable crypto_passphrase
        check_trusted_certificate pwd_export_enable""",
    "sip_account": """#.sip_account_enable #.label #.display_name #.user_id #.authentication_name
        #.authentication_access_password #.dial_plan #.inter_digit_timeout #.maximum_call_number
        #.primary_sip_server_address #.primary_sip_server_port
        #.primary_registration_server_address #.primary_registration_server_port
        #.primary_registration_expires #.registration_retry_time
        #.primary_outbound_proxy_server_address #.primary_outbound_proxy_server_port
        #.backup_outbound_proxy_server_address #.backup_outbound_proxy_server_port
        #.transport_mode #.voice_encryption_enable #.local_sip_port #.codec_priority.#
        #.cid_src_priority.# #.dtmf_transport_method #.dscp #.sip_dscp #.mwi_enable #.mwi_uri
        #.mwi_subscription_expires #.mwi_ignore_unsolicited #.access_code_retrieve_voicemail
        #.keep_alive_enable #.keep_alive_interval #.keep_alive_ignore_failure
        #.nat_traversal_stun_enable #.nat_traversal_stun_server_address
        #.nat_traversal_stun_server_port #.network_bridge_uri #.type pnp_local_sip_port
        sips_uri_enable dns_query_option""",
    "time_date": """ntp_server ntp_server_addr ntp_server_update_interval ntp_dhcp_option
        timezone_dhcp_option selected_timezone daylight_saving_auto_adjust
        daylight_saving_user_defined hr24_clock date_format""",
    "web": "server_enable https_enable http_port https_port",
}
_FULL = _CORE | {
    "call_settings": """account.#.block_anonymous_enable account.#.outgoing_anonymous_enable
        account.#.dnd_enable account.#.call_fwd_always_enable account.#.call_fwd_always_target
        account.#.call_fwd_busy_enable account.#.call_fwd_busy_target account.#.cfna_enable
        account.#.cfna_target account.#.cfna_delay early_media_preferred""",
    "log": "syslog_enable syslog_level syslog_server_address syslog_server_port",
    "remoteDir": """ldap_enable ldap_directory_name ldap_server_address ldap_port ldap_base
        ldap_user_name ldap_access_password ldap_authentication_type ldap_protocol_version
        ldap_check_certificate ldap_max_hits ldap_search_delay ldap_number_filter
        ldap_firstname_filter ldap_lastname_filter ldap_firstname_attribute
        ldap_lastname_attribute ldap_work_number_attributes ldap_mobile_number_attributes
        ldap_other_number_attributes ldap_incall_lookup_enable ldap_outcall_lookup_enable""",
    "page_zone": "group.#.name group.#.members",
    "trusted_servers": "only_accept_sip_account_servers",
}
_BOOKS = """ xml.#.name xml.#.uri xml.#.call_lookup_enable xml.#.contact_entry_tag
    xml.#.first_name_tag xml.#.last_name_tag xml.#.work_number_tag xml.#.mobile_number_tag
    xml.#.other_number_tag"""
_SETS = " cordless_deskset_firmware_url"
# what one device has beyond that, module by module
_MORE: dict[Line, dict[str, str]] = {
    "core": {},
    "conference": {
        "user_pref": "language web_language",
        "file": "contact.directory.overwrite",
    },
    "c620": {
        "profile": " support.access_password",
        "user_pref": "language web_language",
        "file": "contact.directory.overwrite",
    },
    "m100": {
        "provisioning": _SETS,
        "remoteDir": _BOOKS,
        "user_pref": "web_language account.#.diversion_display",
        "file": "hs_idle_logo",
        "hs_settings": """#.handset_name #.ipei #.assigned_account #.default_account
            handset_eu_pin_code autoreg_enable keyline.#""",
    },
    "m500": {
        "provisioning": _SETS,
        "remoteDir": _BOOKS,
        "cordless": "#.device_name #.ipei #.default_account pin_code autoreg_enable",
        "multicell": "role site_id multicast_address maximum_pp_per_base",
    },
}


@cache
def known(line: Line) -> dict[str, frozenset[str]]:
    """Return the names that a device knows, by module."""
    modules = dict(_CORE if line == "core" else _FULL)
    for module, names in _MORE[line].items():
        modules[module] = modules.get(module, "") + names
    return {module: frozenset(names.split()) for module, names in modules.items()}


_VALUES = {
    r".*_enable|ntp_server|hr24_clock|.*_dhcp_option|daylight_.*|only_accept_.*": r"[01]",
    r".*check_trusted_certificate|crypto_enable": r"[01]",
    r"#\.transport_mode": r"udp|tcp|tls",
    r"#\.codec_priority\.#": r"g711u|g711a|g729|g726|g722|ilbc|none",
    r"#\.cid_src_priority\.#": r"pai|rpid|from",
    r"#\.dtmf_transport_method": r"auto|rfc2833|inband|info",
    r".*_port": r"[1-9]\d{0,4}",
    r"#\.(?:sip_)?dscp": r"[0-5]?\d|6[0-3]",
    r"schedule_mode": r"disable|interval|weekday",
    r"weekdays": r"|[0-6](?:,[0-6])*",
    r"weekdays_(?:start|end)_hr": r"1?\d|2[0-3]",
    r"ldap_authentication_type": r"simple",
    r"#\.ipei": r"|[0-9A-F]{10}",
    r"#\.(?:assigned|default)_account": r"[1-9]\d?",
    r"handset_eu_pin_code|pin_code": r"\d{4}",
    r"#\.maximum_call_number": r"[1-9]",
    r"resync_mode": r"config_only|firmware_only|config_and_firmware",
    r"resync_time|#\.primary_registration_expires|#\.registration_retry_time": r"\d{1,5}",
    r"account\.#\.cfna_delay": r"[1-9]|10",
    r"date_format": r"DD/MM/YY|MM/DD/YY|YY/MM/DD",
    r"selected_timezone": r"[A-Z]\w+(?:/[\w+-]+)*",
    r"(?:web_)?language": r"[a-z]{2}",
}
_RULES = [(re.compile(name), re.compile(value)) for name, value in _VALUES.items()]


def problem(names: dict[str, frozenset[str]], module: str, path: str, value: str) -> str:
    """Return why a device that knows ``names`` refuses a value of a module, or nothing."""
    shape = re.sub(r"(?<![^.])\d+(?![^.])", "#", path)
    if shape not in names[module]:
        return f"{module}.{path} is not known"
    for name, values in _RULES:
        if name.fullmatch(shape) and not values.fullmatch(value):
            return f"{module}.{path} cannot be {value!r}"
    return ""
