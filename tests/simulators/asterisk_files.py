"""The files of a private Asterisk of the tests, apart from those that bellwire generates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# An explicit list: what a phone of a hotel needs, and nothing that opens a port of its own.
_MODULE_NAMES = """
res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_timing_timerfd
res_security_log res_rtp_asterisk res_srtp
res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_acl res_pjsip_authenticator_digest
res_pjsip_caller_id res_pjsip_dialog_info_body_generator res_pjsip_diversion
res_pjsip_dlg_options res_pjsip_dtmf_info res_pjsip_empty_info
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_exten_state
res_pjsip_header_funcs res_pjsip_logger res_pjsip_mwi res_pjsip_mwi_body_generator
res_pjsip_nat res_pjsip_notify res_pjsip_outbound_authenticator_digest
res_pjsip_outbound_publish res_pjsip_path res_pjsip_pidf_body_generator res_pjsip_refer
res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_xpidf_body_generator
chan_pjsip pbx_config
app_dial app_directed_pickup app_echo app_exec app_playback app_playtones app_read app_record
app_senddtmf app_stack app_userevent app_verbose app_voicemail
bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_native_rtp
bridge_simple bridge_softmix
codec_a_mu codec_alaw codec_g722 codec_gsm codec_resample codec_ulaw
format_gsm format_pcm format_sln format_wav format_wav_gsm
func_callerid func_channel func_cut func_db func_devstate func_dialplan func_extstate
func_global func_groupcount func_hangupcause func_logic func_math func_pjsip_aor
func_pjsip_contact func_pjsip_endpoint func_presencestate func_strings func_timeout func_vmcount
"""
MODULES = tuple(_MODULE_NAMES.split())

# A file of bellwire's is included by the file whose name it extends.
GENERATED_SUFFIX = "_bellwire.conf"

_FOLDERS = ("cache", "keys", "lib", "log", "run", "spool")

_ASTERISK = """\
[directories]
astetcdir => {directory}
astmoddir => /usr/lib/asterisk/modules
astdatadir => /usr/share/asterisk
astagidir => /usr/share/asterisk/agi-bin
astvarlibdir => {directory}/lib
astdbdir => {directory}/lib
astkeydir => {directory}/keys
astspooldir => {directory}/spool
astrundir => {directory}/run
astlogdir => {directory}/log
astcachedir => {directory}/cache

[options]
verbose = 3
"""

_LOGGER = """\
[general]
dateformat = %F %T.%3q

[logfiles]
messages.log => notice,warning,error,verbose(3)
security.log => security
"""

_MANAGER = """\
[general]
enabled = yes
webenabled = no
bindaddr = 127.0.0.1
port = {port}

[{user}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = all
write = all
"""

_INDICATIONS = """\
[general]
country = us

[us]
description = United States
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
"""

# Asterisk calls the absence of each of these an error.
_DEFAULTS = dict.fromkeys(
    (
        "acl",
        "ccss",
        "cdr",
        "cel",
        "features",
        "http",
        "pjproject",
        "pjsip_notify",
        "stasis",
        "udptl",
    ),
    "",
)


@dataclass(frozen=True)
class Ports:
    """The ports of 127.0.0.1 that one Asterisk listens on."""

    sip: int
    ami: int
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True)
class ManagerUser:
    """The one user of the manager interface."""

    name: str
    secret: str


def write_configuration(
    directory: Path,
    include_dir: Path,
    ports: Ports,
    user: ManagerUser,
    extra_modules: Iterable[str] = (),
) -> None:
    """Write all files of one Asterisk and make its folders.

    Args:
        directory: The folder of this Asterisk.
        include_dir: Folder of the generated files, of which any may be missing.
        ports: Where it listens.
        user: Who may use the manager interface.
        extra_modules: Modules to load beside `MODULES`.
    """
    for folder in _FOLDERS:
        (directory / folder).mkdir(exist_ok=True)
    texts = _DEFAULTS | {
        "asterisk": _ASTERISK.format(directory=directory),
        "extensions": "[general]\n",
        "indications": _INDICATIONS,
        "logger": _LOGGER,
        "manager": _MANAGER.format(port=ports.ami, user=user.name, secret=user.secret),
        "modules": _modules((*MODULES, *extra_modules)),
        "pjsip": f"[rig-udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{ports.sip}\n",
        "rtp": f"[general]\nrtpstart = {ports.rtp_first}\nrtpend = {ports.rtp_last}\n",
        "voicemail": "[general]\n",
    }
    for name, text in texts.items():
        wanted = (f"{name}_global{GENERATED_SUFFIX}", f"{name}{GENERATED_SUFFIX}")
        generated = [include_dir / each for each in wanted if (include_dir / each).exists()]
        includes = "".join(f'\n#include "{file}"\n' for file in generated)
        (directory / f"{name}.conf").write_text(text + includes, "utf-8")


def _modules(names: Iterable[str]) -> str:
    return "\n".join(["[modules]", "autoload = no", *(f"load = {name}.so" for name in names), ""])
