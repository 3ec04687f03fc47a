"""What is said of cells and choices, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.bulk.cells import Column, Remark, Said, Trouble
from web.pages.language import N_, gettext, retell

SENTENCES: Mapping[Trouble | Remark, str] = {
    Trouble.ROOM_NEEDED: N_("Which room? Each row needs one."),
    Trouble.ROOM_FORM: N_(
        "A room has letters, digits and . _ - only, and begins with a letter or digit."
    ),
    Trouble.ROOM_TWICE: N_("Room %(room)s is in row %(row)s already."),
    Trouble.TOO_LONG: N_("This is too long: at most %(most)s characters are possible."),
    Trouble.CONTROL: N_("This holds a control character."),
    Trouble.DIFFERS: N_("Row %(row)s says %(other)s for the same room."),
    Trouble.TEMPLATE_NEEDED: N_("Which room template? The room has none yet."),
    Trouble.TEMPLATE_UNKNOWN: N_("There is no room template %(word)s."),
    Trouble.TEMPLATE_NEAR: N_("There is no room template %(word)s. Did you mean %(near)s?"),
    Trouble.TEMPLATE_LEAVES_OUT: N_(
        "This template has no position %(position)s, and a phone stands there."
    ),
    Trouble.POSITION_UNKNOWN: N_(
        "Template %(template)s has no position %(word)s; it has %(known)s."
    ),
    Trouble.POSITION_TWICE: N_("Position %(position)s of room %(room)s is in row %(row)s already."),
    Trouble.POSITION_TAKEN: N_(
        "Position %(position)s of room %(room)s has %(mac)s; retire or replace it there."
    ),
    Trouble.POSITION_NONE_LEFT: N_("No position of template %(template)s is left for this phone."),
    Trouble.MODEL_NEEDED: N_("Which model? This phone has not been seen yet."),
    Trouble.MODEL_UNKNOWN: N_("No model is called %(word)s."),
    Trouble.MODEL_NEAR: N_("No model is called %(word)s. Did you mean %(near)s?"),
    Trouble.MODEL_WITHOUT_FILES: N_("bellwire writes no files for the %(model)s."),
    Trouble.MODEL_UNFIT: N_("The %(model)s does not suit %(position)s; these do: %(models)s."),
    Trouble.MAC_FORM: N_("This is no MAC address: 12 digits from 0 to 9 and A to F are needed."),
    Trouble.MAC_NUMBER: N_(
        "A spreadsheet has made a number of this MAC address; format the column as text."
    ),
    Trouble.MAC_GROUP: N_("This is not the MAC address of one device."),
    Trouble.MAC_TWICE: N_("This MAC address is in row %(row)s already."),
    Trouble.MAC_ELSEWHERE: N_("This phone is %(position)s of room %(room)s already."),
    Trouble.MAC_OTHER_SITE: N_("This phone belongs to another site."),
    Trouble.EXTENSION_NEEDED: N_("Which extension? The room has none yet."),
    Trouble.EXTENSION_FORM: N_("An extension has letters, digits and . _ - only."),
    Trouble.EXTENSION_TAKEN: N_("Extension %(word)s belongs to room %(room)s."),
    Trouble.EXTENSION_TWICE: N_("Extension %(word)s is that of room %(room)s in row %(row)s."),
    Remark.ROOM_ONLY: N_("Without a MAC address only the room is stored."),
    Remark.TEMPLATE_CHANGES: N_("The room has template %(before)s now."),
    Remark.FLOOR_CHANGES: N_("The room is on floor %(before)s now."),
    Remark.NAME_CHANGES: N_("The room is called %(before)s now."),
    Remark.EXTENSION_CHANGES: N_("The room has extension %(before)s now."),
    Remark.IS_THERE: N_("This phone is there already."),
    Remark.MODEL_CHANGES: N_("The phone is a %(before)s now."),
    Remark.OTHER_MAKER: N_("This MAC address is one of %(maker)s."),
}
"""The same as in the core, marked for translators; a test compares them."""
COLUMNS: Mapping[Column, str] = {
    Column.ROOM: N_("Room"),
    Column.FLOOR: N_("Floor"),
    Column.TEMPLATE: N_("Room template"),
    Column.POSITION: N_("Position"),
    Column.MODEL: N_("Model"),
    Column.MAC: N_("MAC address"),
    Column.EXTENSION: N_("Extension"),
    Column.NAME: N_("Name"),
}


def say(said: Said) -> str:
    """Return what is said of a cell, in the language of the page."""
    if said.what is Trouble.REFUSED:
        return retell(said.facts["sentence"])
    return gettext(SENTENCES[said.what]) % said.facts
