"""SIP accounts of a site. Their secrets are told only where they are asked for, and audited."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import select

from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit
from provisioner.inventory.audit import note
from provisioner.inventory.site_shape import FileAccount
from provisioner.inventory.tables import AccountRow, PhoneRow
from web.accounts.people import Role, Scope
from web.api.areas.editing import keyed, merged, store
from web.api.areas.reading import account, found
from web.api.areas.rooms import match_of, tagged
from web.api.etags import check_new, check_unchanged
from web.api.operation import Call, Document, Operation, Reply
from web.api.paging import Page, Paged, page
from web.api.problems import not_found
from web.api.shapes.documents import MergePatch, Write, Written
from web.api.shapes.values import Answer, MacText

TAG = "accounts"
Json = dict[str, Any]


class AccountEntry(Answer):
    """An account at a glance."""

    extension: str
    name: str
    voicemail: bool
    listed: bool | None = Field(description="phone books show it; null: unless only guests use it")
    phones: list[MacText] = Field(description="the phones that register it")


class AccountSecret(Answer):
    """What a telephone registers with."""

    extension: str
    secret: str


def accounts(call: Call) -> Reply:
    """List the accounts of a site, by extension."""
    query = select(AccountRow).where(AccountRow.site_id == call.site)
    if call.query.after:
        query = query.where(AccountRow.extension > call.query.after)
    with call.installation.database.read() as session:
        rows = list(
            session.scalars(query.order_by(AccountRow.extension).limit(call.query.limit + 1))
        )
        of_phones = select(PhoneRow.mac, PhoneRow.accounts, PhoneRow.handsets)
        users: dict[str, list[str]] = {row.extension: [] for row in rows}
        for phone in session.execute(of_phones.where(PhoneRow.site_id == call.site)):
            used = {*phone.accounts, *(h["extension"] for h in phone.handsets)}
            for extension in used & users.keys():
                users[extension].append(phone.mac)
    return page(call, [(row.extension, _entry(row, users[row.extension])) for row in rows])


def _entry(row: AccountRow, phones: list[str]) -> Json:
    return {
        "extension": row.extension, "name": row.name, "voicemail": row.voicemail,
        "listed": row.listed, "phones": sorted(phones),
    }  # fmt: skip


def _missing(call: Call) -> Exception:
    return not_found(f"there is no account {call.path['extension']!r}")


def get(call: Call) -> Reply:
    """Answer with an account."""
    extension = call.path["extension"]
    return found(account(call, extension), f"account {extension!r}")


def put(call: Call) -> Reply:
    """Make an account, or replace it."""
    return _write(call, call.body, account(call, call.path["extension"]))


def patch(call: Call) -> Reply:
    """Change parts of an account."""
    before = account(call, call.path["extension"])
    if before is None:
        raise _missing(call)
    return _write(call, merged(before, call.body), before)


def _write(call: Call, wanted: Json, before: Json | None) -> Reply:
    name = call.path["extension"]
    whole = keyed(wanted, "extension", name)
    if before is None:
        check_new(call)
    else:
        check_unchanged(call, etag_of(before))
    edit = Edit(call.site, accounts=(whole,), if_match=match_of("account", name, before))
    where = f"/sites/{call.site}/accounts/{name}"
    reply = store(call, edit, ("accounts", 0), new=before is None, location=where)
    return tagged(reply, None if call.dry_run else account(call, name))


def delete(call: Call) -> Reply:
    """Remove an account that no phone uses."""
    name = call.path["extension"]
    before = account(call, name)
    if before is None:
        raise _missing(call)
    check_unchanged(call, etag_of(before))
    edit = Edit(call.site, remove_accounts=(name,), if_match=match_of("account", name, before))
    return store(call, edit, ("remove_accounts", 0))


def secret(call: Call) -> Reply:
    """Tell the secret of an account; the audit log notes it."""
    here, extension = call.installation, call.path["extension"]
    with here.database.write() as session:
        row = session.get(AccountRow, (call.site, extension))
        if row is None:
            raise _missing(call)
        about = f"{call.site} {extension}"
        note(session, call.now, call.who.signature, "account-reveal", about)
        told = here.box.open(row.secret).get_secret_value()
    return Reply({"extension": extension, "secret": told})


_READ: Json = {"tag": TAG, "scope": Scope.READ}
_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER, "refusals": (409,)}
_ONE = "/sites/{site}/accounts/{extension}"
OPERATIONS = (
    Operation(
        id="list_accounts", method="GET", path="/sites/{site}/accounts", handler=accounts,
        summary="The accounts of a site", query=Paged, answers={200: Page[AccountEntry]}, **_READ,
    ),
    Operation(
        id="get_account", method="GET", path=_ONE, handler=get, summary="An account",
        answers={200: Document(FileAccount)}, has_etag=True, **_READ,
    ),
    Operation(
        id="put_account", method="PUT", path=_ONE, handler=put, query=Write, must_match=True,
        summary="Make an account, or replace it", body=Document(FileAccount), has_etag=True,
        answers={200: Written, 201: Written},
        note="Its secret is generated when it is new and has none, and kept when left out.",
        **_CHANGE,
    ),
    Operation(
        id="patch_account", method="PATCH", path=_ONE, handler=patch, query=Write,
        summary="Change parts of an account", body=Document(MergePatch), must_match=True,
        answers={200: Written}, has_etag=True, **_CHANGE,
    ),
    Operation(
        id="delete_account", method="DELETE", path=_ONE, handler=delete, query=Write,
        summary="Remove an account that no phone uses", must_match=True,
        answers={200: Written}, **_CHANGE,
    ),
    Operation(
        id="get_account_secret", method="GET", path=f"{_ONE}/secret", handler=secret, tag=TAG,
        scope=Scope.SECRETS, role=Role.ADMIN, summary="The secret of an account",
        answers={200: AccountSecret}, note="The audit log notes it.",
    ),
)  # fmt: skip
