"""PhoneSettings: one vendor-neutral vocabulary for everything a phone can be told.

Units stand in names. Layers (product, vendor, model, site, preset, room, phone) give partial
values; ``resolve`` merges them and keeps each value's origin.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from provisioner.mac import MacAddress
from provisioner.setting_values import (
    FileUrl,
    Host,
    Line,
    MulticastGroup,
    Number,
    Percent,
    Port,
    SecretLine,
    Url,
    Window,
)


class Section(BaseModel):
    """Frozen, with unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sip(Section):
    """How accounts register and call."""

    registrar: Host = ""
    port: Port = 5060
    transport: Literal["udp", "tcp", "tls"] = "udp"
    outbound_proxy: Host = ""
    outbound_proxy_port: Port = 5060
    backup_registrar: Host = ""
    backup_port: Port = 5060
    failback_s: int = Field(
        default=120, ge=10, le=3600, description="how often the main registrar is tried again"
    )
    stun_server: Host = ""
    stun_port: Port = 3478
    expires_s: int = Field(default=600, ge=60, le=86400)
    retry_s: int = Field(default=30, ge=5, le=1800)
    srtp: Literal["off", "optional", "required"] = "off"
    dtmf: Literal["rfc4733", "info", "inband"] = "rfc4733"
    keepalive_s: int = Field(default=0, ge=0, le=3600, description="0: no NAT keep-alive")
    pickup_code: Number = "*8"
    only_from_registrar: bool = Field(
        default=True, description="obey SIP requests from the registrar only"
    )
    caller_id: Literal["from", "pai", "rpid"] = "pai"


class Locale(Section):
    """Language, clock and tones."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    timezone: Line = "UTC"
    ntp_servers: tuple[Host, ...] = Field(default=("pool.ntp.org",), max_length=2)
    ntp_refresh_s: int = Field(default=3600, ge=60, le=86400)
    hours_24: bool = True
    date_order: Literal["dmy", "mdy", "ymd"] = "dmy"


class Network(Section):
    """The phone's own network port."""

    vlan_id: int = Field(default=0, ge=0, le=4094, description="0: untagged")
    vlan_priority: int = Field(default=5, ge=0, le=7)
    pc_vlan_id: int = Field(default=0, ge=0, le=4094, description="0: untagged")
    lldp: bool = True
    cdp: bool = False
    dscp_signalling: int = Field(default=26, ge=0, le=63)
    dscp_voice: int = Field(default=46, ge=0, le=63)
    pc_port: bool = True
    hostname: Host = ""
    dot1x: Literal["off", "md5", "peap-mschapv2", "eap-tls"] = "off"
    dot1x_identity: Line = ""
    dot1x_password: SecretLine | None = None


Codec = Literal["g722", "pcma", "pcmu", "opus", "g729", "ilbc"]


class Audio(Section):
    """Codecs, ring and volume."""

    codecs: tuple[Codec, ...] = Field(default=("g722", "pcma", "pcmu"), min_length=1)
    ringtone: int = Field(default=1, ge=1, le=8)
    ring_file: FileUrl = Field(default="", description="a ring tone of one's own, instead")
    ring_volume_percent: Percent = 60
    handset_volume_percent: Percent = 60
    speaker_volume_percent: Percent = 60
    key_tones: bool = False
    vad: bool = False


class Paging(Section):
    """Multicast groups the phone listens to, most important first."""

    listen: tuple[MulticastGroup, ...] = Field(default=(), max_length=10)
    interrupt_calls: bool = False
    codec: Literal["pcmu", "pcma", "g722"] = "pcmu"


class Access(Section):
    """Who may change what at the phone itself. Passwords are made per phone when absent."""

    admin_password: SecretLine | None = None
    user_password: SecretLine | None = None
    web: Literal["off", "http", "https"] = "https"
    web_allowed_from: tuple[Line, ...] = ()
    menu_locked: bool = False
    menu_pin: SecretLine | None = None
    direct_ip_calls: bool = False
    guest_account: bool = False


class Directory(Section):
    """Phone books and LDAP."""

    phonebook: bool = False
    phonebook_name: Line = "Directory"
    ldap_server: Host = ""
    ldap_port: Port = 389
    ldap_tls: Literal["none", "starttls", "ldaps"] = "none"
    ldap_base: Line = ""
    ldap_user: Line = ""
    ldap_password: SecretLine | None = None
    ldap_name_filter: Line = "(|(cn=%)(sn=%))"
    ldap_number_filter: Line = "(|(telephoneNumber=%)(mobile=%))"


class Telemetry(Section):
    """What the phone reports by itself."""

    action_urls: bool = False
    syslog_server: Host = ""
    syslog_port: Port = 514
    rtcp_xr_collector: Host = ""
    rtcp_xr_port: Port = 5060


class Emergency(Section):
    """Emergency calls: they work when the phone is locked."""

    numbers: tuple[Number, ...] = Field(default=("112",), min_length=1, max_length=5)
    label: Line = "SOS"


class Forward(Section):
    """A call forward."""

    to: Number = ""
    after_s: int = Field(default=20, ge=5, le=120)


class Calls(Section):
    """What a caller at this phone may do."""

    hotline: Number = ""
    hotline_delay_s: int = Field(default=0, ge=0, le=10)
    call_waiting: bool = True
    auto_answer: bool = False
    intercom: bool = Field(default=False, description="answer calls marked as intercom")
    dnd_allowed: bool = True
    forward_allowed: bool = True
    forward_always: Forward = Forward()
    forward_busy: Forward = Forward()
    forward_no_answer: Forward = Forward()
    transfer_allowed: bool = True
    conference_allowed: bool = True
    history: bool = True
    voicemail: Number = Field(default="", description="number that plays messages")
    voicemail_lamp: bool = True
    pound_dials: bool = Field(default=True, description="# ends dialling")
    dial_timeout_s: int = Field(default=4, ge=1, le=14)


class Hotel(Section):
    """Texts for guests and the room."""

    name: Line = ""
    address: Line = ""
    phone: Line = ""
    room: Line = ""
    lines: tuple[Line, ...] = Field(default=(), max_length=4)


class Door(Section):
    """A door station: whom it calls and how it opens."""

    call: Number = Field(default="", description="number the call button dials")
    open_code: Annotated[str, Field(pattern=r"^[0-9*#]{1,8}$")] = "*"
    open_s: int = Field(default=5, ge=1, le=600)
    second_open_code: Annotated[str, Field(pattern=r"^$|^[0-9*#]{1,8}$")] = Field(
        default="", description="opens the second relay, where there is one"
    )
    second_open_s: int = Field(default=5, ge=1, le=600)
    local_code: SecretLine | None = None
    talk_s: int = Field(default=120, ge=10, le=600)
    auto_answer: bool = True
    hang_up_after_open: bool = False


class DectBase(Section):
    """A base that a manager takes into its multicell system.

    Attributes:
        sync_level: 1 is the source of the clock, others follow the level above.
    """

    mac: Annotated[str, AfterValidator(lambda text: str(MacAddress(text)))]
    name: Line = ""
    cluster: int = Field(default=1, ge=1, le=10)
    sync_level: int = Field(default=1, ge=1, le=10)


class DectSettings(Section):
    """A DECT base."""

    pin: SecretLine | None = None
    handset_pin: SecretLine | None = None
    role: Literal["single", "manager", "base"] = "single"
    manager: Host = ""
    bases: tuple[DectBase, ...] = Field(default=(), max_length=60)
    repeater: bool = False


class Screen(Section):
    """What the display shows."""

    title: Line = ""
    backlight_s: int = Field(default=60, ge=0, le=3600, description="0: always on")
    wallpaper: FileUrl = ""
    logo: FileUrl = ""


class FirmwareSettings(Section):
    """Which firmware the phone should run."""

    version: Line = ""
    url: Url = ""


class Provisioning(Section):
    """How the phone comes back for its files."""

    repeat_minutes: int = Field(default=1440, ge=0, le=43200, description="0: at boot only")
    window: Window = Field(
        default="02:00-05:00",
        description="when a daily fetch happens, spread by MAC; empty: a day after the boot",
    )
    keep_user_changes: bool = False
    reboot_on_notify: bool = False
    discovery: bool = Field(
        default=False,
        description="ask DHCP and PnP again at each boot; off: nobody on the network can take it",
    )
    trust_ca_url: Url = ""
    verify_server: bool = False


class PhoneSettings(Section):
    """Everything a phone is told, apart from its accounts and its keys."""

    sip: Sip = Sip()
    calls: Calls = Calls()
    locale: Locale = Locale()
    network: Network = Network()
    audio: Audio = Audio()
    paging: Paging = Paging()
    access: Access = Access()
    directory: Directory = Directory()
    telemetry: Telemetry = Telemetry()
    emergency: Emergency = Emergency()
    hotel: Hotel = Hotel()
    door: Door = Door()
    dect: DectSettings = DectSettings()
    screen: Screen = Screen()
    firmware: FirmwareSettings = FirmwareSettings()
    provisioning: Provisioning = Provisioning()
    raw: dict[str, dict[Line, Line]] = Field(
        default_factory=dict, description="per dialect: vendor parameters we do not model"
    )
