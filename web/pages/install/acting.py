"""What is asked of a phone that stands in a room, as an edit: replace, move or retire it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.bulk.cells import Column, Said, Trouble
from provisioner.bulk.macs import mac_in, why_no_mac
from provisioner.edits.documents import room_document
from provisioner.edits.edit import Edit
from provisioner.errors import UnknownThingError
from provisioner.mac import MacAddress
from web.installation import Installation
from web.pages.install.acts import moving, replacing, retiring
from web.pages.install.considering import where_they_stand
from web.pages.install.draft import model_said, usual_model
from web.pages.install.room import RoomView
from web.pages.install.sentences import say
from web.pages.language import N_, gettext

NO_ROOM = N_("There is no room %(room)s here.")
NO_POSITION = N_("Room %(room)s has no position %(position)s; it has %(known)s.")
TAKEN = N_("Position %(position)s of room %(room)s has %(mac)s.")
ALREADY = N_("This is the phone that stands there.")
UNKNOWN = N_("Choose what is to be done.")
REPLACED = N_("%(mac)s stands there now. The one before is retired.")
MOVED = N_("The phone belongs to room %(room)s now.")
RETIRED = N_("%(mac)s is retired.")


class ActError(ValueError):
    """It cannot be done; ``sentence`` says why, in the language of the page."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def edit_of(
    installation: Installation, view: RoomView, position: str, form: Mapping[str, str]
) -> tuple[Edit, str]:
    """Return the edit that was asked for, and what is said when it is done.

    Args:
        installation: the opened data folder.
        view: the room.
        position: where the phone stands.
        form: as sent: ``do`` is replace, move or retire.

    Raises:
        ActError: it cannot be done.
    """
    etag, what = form.get("etag", ""), form.get("do", "")
    if what == "retire":
        done = gettext(RETIRED) % {"mac": view.phones[position].colons}
        return retiring(view, position, etag), done
    if what == "replace":
        return _replacing(installation, view, position, form)
    if what == "move":
        return _moving(installation, view, position, form)
    raise ActError(gettext(UNKNOWN))


def _replacing(
    installation: Installation, view: RoomView, position: str, form: Mapping[str, str]
) -> tuple[Edit, str]:
    text = form.get("mac", "").strip() or form.get("pick", "")
    mac = mac_in(text, view.ground.makers)
    if mac is None:
        raise ActError(say(Said(Column.MAC, why_no_mac(text))))
    if mac == view.phones[position]:
        raise ActError(gettext(ALREADY))
    stands = where_they_stand(installation, [mac]).get(mac)
    if stands is not None and stands[0] != view.ground.site.id:
        raise ActError(say(Said(Column.MAC, Trouble.MAC_OTHER_SITE)))
    if stands is not None:
        facts = {"room": stands[1], "position": stands[2]}
        raise ActError(say(Said(Column.MAC, Trouble.MAC_ELSEWHERE, facts)))
    model = form.get("model", "") or _model(view, position, mac)
    done = gettext(REPLACED) % {"mac": mac.colons}
    return replacing(view, position, mac, model, form.get("etag", "")), done


def _model(view: RoomView, position: str, mac: MacAddress) -> str:
    """What the phone says; else the model it replaces, when it is one of the same maker."""
    spot = view.spot(position)
    if spot is None:
        return ""
    said = model_said(mac, spot)
    maker = view.ground.makers.get(mac.oui)
    if said or maker in (None, spot.model.partition("/")[0]):
        return said or spot.model
    return usual_model(view.ground, spot.place, spot.usual, mac) if spot.place else ""


def _moving(
    installation: Installation, view: RoomView, position: str, form: Mapping[str, str]
) -> tuple[Edit, str]:
    name = form.get("room", "").strip()
    to = _document(installation, view, name)
    template = view.ground.templates.get(str(to.get("template", "")))
    to_position = form.get("position", "").strip() or position
    place = template.position(to_position) if template else None
    if place is None:
        known = ", ".join(p.id for p in template.positions) if template else "-"
        facts = {"room": name, "position": to_position, "known": known}
        raise ActError(gettext(NO_POSITION) % facts)
    holder = to.get("phones", {}).get(to_position)
    if holder is not None:
        facts = {"room": name, "position": to_position, "mac": holder["mac"]}
        raise ActError(gettext(TAKEN) % facts)
    done = gettext(MOVED) % {"room": name}
    return moving(view, position, to, to_position, form.get("etag", "")), done


def _document(installation: Installation, view: RoomView, room: str) -> dict[str, Any]:
    if room == view.id:
        return view.document
    try:
        with installation.database.read() as session:
            return room_document(
                session, installation.box, view.ground.site.id, room, view.ground.catalogue
            )
    except UnknownThingError:
        raise ActError(gettext(NO_ROOM) % {"room": room or "?"}) from None
