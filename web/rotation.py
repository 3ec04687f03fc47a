"""Rotating the encryption key, safe against a crash at any point.

1. A new key is put in front of the key file: both decrypt from here on. 2. Everything stored is
encrypted with the new key, in one transaction, and brought to the disk. 3. The old keys are
dropped. A crash after any step leaves data that the key file opens; running it again finishes the
job.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provisioner.config import Settings
from provisioner.edits.tables import ChangeRow
from provisioner.inventory.monitoring import MONITORING_SECRETS
from provisioner.inventory.records import SWITCH_SECRETS
from provisioner.inventory.sealed_layers import resealed_layer
from provisioner.inventory.staged import StagedRow
from provisioner.inventory.tables import (
    AccountRow,
    PhoneRow,
    RenderedRow,
    RoomRow,
    SiteRow,
    StampRow,
)
from provisioner.secrets import Box, add_key, drop_old_keys
from web.installation import opened


def reseal_everything(settings: Settings) -> None:
    """Make a new key and encrypt everything with it.

    Raises:
        SecretsError: something stored cannot be decrypted with the present keys.
    """
    with opened(settings):
        pass  # a wrong key file is refused before it is touched
    add_key(settings.secret_key_file)
    with opened(settings) as installation:
        with installation.database.write() as session:
            _reseal(session, installation.box)
        installation.database.sync()
    drop_old_keys(settings.secret_key_file)


def _reseal(session: Session, box: Box) -> None:
    for account in session.scalars(select(AccountRow)):
        account.secret = box.reseal(account.secret)
    for phone in session.scalars(select(PhoneRow)):
        phone.secrets = box.reseal(phone.secrets)
        phone.settings = resealed_layer(phone.settings, box)
    for room in session.scalars(select(RoomRow)):
        room.settings = resealed_layer(room.settings, box)
    for site in session.scalars(select(SiteRow)):
        site.settings = resealed_layer(site.settings, box)
        site.presets = resealed_layer(site.presets, box)
        site.room_templates = resealed_layer(site.room_templates, box)
        site.switches = [_all_sealed_again(s, SWITCH_SECRETS, box) for s in site.switches]
        site.pbx = _sealed_again(site.pbx, "secret", box) if site.pbx else None
        site.monitoring = _all_sealed_again(site.monitoring, MONITORING_SECRETS, box)
    for file in session.scalars(select(RenderedRow)):
        file.body = box.seal_body(box.open_body(file.body))
    for change in (*session.scalars(select(ChangeRow)), *session.scalars(select(StagedRow))):
        change.sealed = box.seal_body(box.open_body(change.sealed))
    stamp = session.scalars(select(StampRow)).one()
    session.execute(update(StampRow).values(key_check=box.reseal(stamp.key_check)))


def _sealed_again(values: dict[str, Any], name: str, box: Box) -> dict[str, Any]:
    return {**values, name: box.reseal(values[name]) if values[name] else ""}


def _all_sealed_again(values: dict[str, Any], names: Iterable[str], box: Box) -> dict[str, Any]:
    for name in names:
        if name in values:
            values = _sealed_again(values, name, box)
    return values
