"""Tell a running Asterisk that secrets have changed, and make it forget who used the old ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from provisioner.errors import PbxError
from provisioner.inventory.records import Account, Site
from provisioner.pbx.ami import AmiClient, Contact

MODULES = ("acl", "res_pjsip.so", "pbx_config.so", "app_voicemail.so")
"""What reads bellwire's files, in their order; voice mail PINs are made from secrets."""
_MAY_BE_MISSING = "app_voicemail.so"
_FAMILY = "registrar/contact"  # where res_sorcery_astdb keeps registrations


@dataclass(frozen=True, slots=True)
class HeldContact:
    """A registration, with the name by which Asterisk keeps it; ``expires_s`` since 1970."""

    name: str
    aor: str
    uri: str
    address: str
    agent: str
    expires_s: int

    def as_contact(self) -> Contact:
        """Return it as those who look for a phone's contacts know it."""
        return Contact(
            aor=self.aor, endpoint=self.aor, uri=self.uri, via_addr=self.address, via_port=None,
            user_agent=self.agent, status="", expires_at=None, rtt_us=None,
        )  # fmt: skip


def held_contacts(ami: AmiClient, accounts: Collection[str]) -> list[HeldContact]:
    """Return the dynamic registrations of some accounts.

    Raises:
        PbxError: as for ``AmiClient.collect``.
    """
    try:
        events = ami.collect("PJSIPShowContacts", "ContactListComplete")
    except PbxError as error:
        if "no contacts found" in str(error).lower():
            return []
        raise
    found = (_held(event) for event in events if event["Event"] == "ContactList")
    return [one for one in found if one is not None and one.aor in accounts]


def read_again(ami: AmiClient) -> None:
    """Let Asterisk read all of bellwire's files again; registrations and calls stay.

    Raises:
        PbxError: it refuses, or does not answer.
    """
    for module in MODULES:
        try:
            ami.action("Reload", Module=module)
        except PbxError as refused:
            if module != _MAY_BE_MISSING or "no such module" not in str(refused).lower():
                raise


def with_other_secrets(ami: AmiClient, accounts: Iterable[Account]) -> list[str]:
    """Return the extensions whose secret at the PBX is not the one that is wanted.

    Raises:
        PbxError: it refuses, or does not answer.
    """
    events = ami.collect("PJSIPShowAuths", "AuthListComplete")
    held = {event.get("ObjectName", ""): event.get("Password", "") for event in events}
    return [
        account.extension
        for account in accounts
        if account.secret is not None
        and held.get(account.extension) != account.secret.get_secret_value()
    ]


def forget(ami: AmiClient, contacts: Iterable[HeldContact]) -> None:
    """Make Asterisk forget registrations; whoever made them must know the secret to come back.

    Raises:
        PbxError: it refuses, or does not answer.
    """
    for contact in contacts:
        try:
            ami.action("DBDel", Family=_FAMILY, Key=contact.name)
        except PbxError as refused:
            if "key not found" not in str(refused).lower():  # it has gone by itself
                raise


def strangers(
    contacts: Iterable[HeldContact], of_phones: Collection[HeldContact], site: Site
) -> list[HeldContact]:
    """Return the registrations that are no phone's of the house, or come from outside. Pure.

    A phone of the house stays registered, so that it can still be called and told to fetch.
    """
    return [one for one in contacts if one not in of_phones or not _is_inside(one.address, site)]


def renewed(before: Mapping[str, HeldContact], now: HeldContact) -> bool:
    """Whether a registration was made since ``before`` was read, so with the new secret. Pure."""
    old = before.get(now.name)
    return old is None or now.expires_s > old.expires_s


def _is_inside(address: str, site: Site) -> bool:
    try:
        found = ip_address(address.strip("[]"))
    except ValueError:
        return False
    return any(found in network for network in site.networks if network.version == found.version)


def _held(event: Mapping[str, str]) -> HeldContact | None:
    name, expires = event.get("ObjectName", ""), event.get("ExpirationTime", "")
    aor, sign, _ = name.partition(";@")
    if not sign:  # a static contact, which nobody registered
        return None
    return HeldContact(
        name=name,
        aor=aor,
        uri=event.get("Uri", ""),
        address=event.get("ViaAddr", ""),
        agent=event.get("UserAgent", ""),
        expires_s=int(expires) if expires.isascii() and expires.isdigit() else 0,
    )
