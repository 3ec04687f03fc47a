"""What is looked at before phones are stored: can each be what its file says? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.assembly import key_plan, place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.suitability import why_unfit
from provisioner.clock import clock_for
from provisioner.errors import InventoryError
from provisioner.inventory.records import Account, Inventory, Phone
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_yaml import Path_
from provisioner.keys import KeyPlan
from provisioner.mac import MacAddress
from provisioner.remarks import remarks
from provisioner.resolve import Place, Resolved, resolve
from provisioner.room_keys import rooms_by_site
from provisioner.safe_texts import unsafe_text


def check_phones(
    catalogue: Catalogue,
    inventory: Inventory,
    where: Mapping[MacAddress, tuple[SiteFile, Path_]],
) -> dict[str, int]:
    """Refuse unfit models, wrong settings, texts that no file can carry, own keys without a place.

    Returns:
        What phones will not do as asked, as sentences with the number of phones.

    Raises:
        SiteFileError: names file, line and the key.
    """
    sites = {site.id: site for site in inventory.sites}
    rooms = {(room.site, room.id): room for room in inventory.rooms}
    accounts = {(account.site, account.extension): account for account in inventory.accounts}
    rooms_of = rooms_by_site(inventory.rooms)
    told: dict[str, int] = {}
    for phone in inventory.phones:
        room = rooms[phone.site, phone.room]
        place = place_of(catalogue, sites[phone.site], room, phone, rooms_of[phone.site])
        used = [accounts[phone.site, extension] for extension in phone.accounts]
        used += [accounts[phone.site, handset.extension] for handset in phone.handsets]
        source, path = where[phone.mac]
        try:
            found = _remarks_on(catalogue, place, used)
        except _RefusedError as problem:
            raise source.error((*path, *problem.path), str(problem)) from problem
        except InventoryError as problem:
            raise source.error(path, str(problem)) from problem
        for remark in found:
            told[remark] = told.get(remark, 0) + 1
    return told


class _RefusedError(ValueError):
    """A phone cannot be what its file says; ``path`` is where, below the phone."""

    def __init__(self, path: Path_, reason: str) -> None:
        super().__init__(reason)
        self.path = path


def _remarks_on(catalogue: Catalogue, place: Place, accounts: Sequence[Account]) -> tuple[str, ...]:
    """Return what one phone will not do as asked; raises when it cannot be at all."""
    for reason in why_unfit(place.model, place.preset):
        raise _RefusedError(("model",), f"{reason} (preset {place.phone.preset!r})")
    resolved = resolve(place)
    keys = key_plan(catalogue, place, resolved)
    key_problem = _key_problem(place.phone, resolved, keys)
    if key_problem:
        raise _RefusedError(("keys",), key_problem)
    dialect = catalogue.dialect_of(place.model, None)
    unsafe = unsafe_text(dialect.syntax, resolved, accounts, place.phone.handsets)
    if unsafe:
        raise _RefusedError((), f"{place.model.name} cannot be told {unsafe}")
    clock = clock_for(resolved.settings.locale.timezone, dialect.clock)
    return remarks(place.model, dialect, resolved, keys, clock)


def _key_problem(phone: Phone, resolved: Resolved, keys: KeyPlan) -> str:
    """Return why one of the phone's own keys cannot be, or nothing."""
    own = {(key.type, key.slot) for key in phone.keys}  # they come last in ``resolved.keys``
    for left in reversed([left for left in keys.left_over if not left.key.each]):
        if (left.key.type, left.key.slot) in own:
            name = left.key.label or left.key.value or str(left.key.type)
            return f"key {name!r}: {left.reason}"
    most = max(len(phone.accounts) + len(phone.handsets), 1)
    for key in resolved.keys:
        if key.account > most:
            return f"key {key.label or key.value!r}: there is no account {key.account}"
    return ""
