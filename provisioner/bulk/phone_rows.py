"""The phones of a list: MAC, model and position of each row. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.bulk.cells import Column, ListRow, Remark, Trouble, WantedPhone
from provisioner.bulk.known import Known, KnownRoom, positions_of
from provisioner.bulk.macs import mac_in, why_no_mac
from provisioner.bulk.notebook import Notebook
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Position, RoomTemplate
from provisioner.catalogue.suitability import why_unfit
from provisioner.mac import MacAddress


class Phones:
    """Finds the phone of each row.

    Args:
        known: the site as it stands.
        book: where is noted what is wrong.
        rows: all of the list, so that a MAC address is in it only once.
    """

    def __init__(self, known: Known, book: Notebook, rows: Sequence[ListRow]) -> None:
        self._known = known
        self._book = book
        self._macs: dict[int, MacAddress] = {}
        self._first: dict[MacAddress, int] = {}
        for row in rows:
            self._read_mac(row)

    def of_room(
        self, room: str, rows: Sequence[ListRow], template: RoomTemplate | None, extension: str
    ) -> dict[str, WantedPhone]:
        """Return a room's phones by position, as far as they can be told.

        Args:
            room: its id.
            rows: all that name it.
            template: its template, if it has one.
            extension: the room's own; empty: it has none.
        """
        stored = self._known.rooms.get(room, KnownRoom(room))
        placed: dict[str, WantedPhone] = {}
        written = [row for row in rows if row.text(Column.POSITION)]
        for row in (*written, *(row for row in rows if not row.text(Column.POSITION))):
            mac = self._macs.get(row.number)
            if mac is None:
                self._check_words(row, template)
                continue
            model = self._model(row, mac)
            position = self._position(row, mac, model, template, stored, placed)
            if position and model is not None and self._is_free(row, mac, position, stored, placed):
                own = row.text(Column.EXTENSION)
                own = own if own != extension else ""
                self._check_extension(row, model, own or extension)
                placed[position] = WantedPhone(row.number, str(mac), model.id, own)
        return placed

    def _read_mac(self, row: ListRow) -> None:
        text = row.text(Column.MAC)
        if not text:
            return
        mac = mac_in(text, self._known.makers)
        if mac is None:
            self._book.say(row, Column.MAC, why_no_mac(text))
        elif mac in self._first:
            self._book.say(row, Column.MAC, Trouble.MAC_TWICE, row=self._first[mac])
        elif mac in self._known.elsewhere:
            self._book.say(row, Column.MAC, Trouble.MAC_OTHER_SITE)
        else:
            self._macs[row.number] = mac
        if mac is not None:
            self._first.setdefault(mac, row.number)

    def _check_words(self, row: ListRow, template: RoomTemplate | None) -> None:
        """Model and position of a row whose MAC is missing or wrong, all the same."""
        if row.text(Column.MODEL):
            self._model(row, None)
        if row.text(Column.POSITION) and template is not None:
            self._place(row, template)

    def _model(self, row: ListRow, mac: MacAddress | None) -> Model | None:
        word = row.text(Column.MODEL)
        if not word:
            return self._guessed_model(row, mac)
        model = self._known.find_model(word)
        if model is None:
            near = self._known.near_models(word)
            what = Trouble.MODEL_NEAR if near else Trouble.MODEL_UNKNOWN
            self._book.say(row, Column.MODEL, what, word=word, near=", ".join(near))
            return None
        if not model.dialects:
            self._book.say(row, Column.MODEL, Trouble.MODEL_WITHOUT_FILES, model=model.name)
            return None
        maker = self._known.makers.get(mac.oui) if mac is not None else None
        if maker is not None and maker != model.vendor:
            name = self._known.catalogue.vendors[maker].name
            self._book.say(row, Column.MAC, Remark.OTHER_MAKER, maker=name)
        return model

    def _guessed_model(self, row: ListRow, mac: MacAddress | None) -> Model | None:
        """What the phone has said, or is already, or what all rows without a model are."""
        known = self._known
        stands = known.stands.get(mac) if mac is not None else None
        found = known.rooms[stands[0]].models.get(stands[1], "") if stands else ""
        found = found or known.waiting.get(str(mac), "") or known.model
        model = known.catalogue.models.get(found)
        if model is None or not model.dialects:
            self._book.say(row, Column.MODEL, Trouble.MODEL_NEEDED)
            return None
        self._book.fill(row, Column.MODEL, model.id)
        return model

    def _place(self, row: ListRow, template: RoomTemplate) -> Position | None:
        word = row.text(Column.POSITION)
        found = positions_of(template).get(word.lower())
        if found is None:
            names = ", ".join(p.id for p in template.positions)
            self._book.say(row, Column.POSITION, Trouble.POSITION_UNKNOWN, word=word,
                           template=template.id, known=names)  # fmt: skip
            return None
        return template.position(found)

    def _position(
        self, row: ListRow, mac: MacAddress, model: Model | None, template: RoomTemplate | None,
        stored: KnownRoom, placed: dict[str, WantedPhone],
    ) -> str:  # fmt: skip
        """The position of a row, or nothing; a model that does not suit it is noted."""
        if template is None:
            return ""
        if row.text(Column.POSITION):
            place = self._place(row, template)
            if place is not None and model is not None and not self._suits(model, place):
                self._say_unfit(row, model, place)
            return place.id if place is not None else ""
        free = list(self._free(mac, template, stored, placed))
        usual = [p for p in free if model is not None and model.id in p.models]
        fitting = (p for p in (*usual, *free) if model is None or self._suits(model, p))
        found = next(fitting, None)
        if found is not None:
            self._book.fill(row, Column.POSITION, found.id)
            return found.id
        if free and model is not None:
            self._say_unfit(row, model, free[0])
        else:
            self._book.say(row, Column.POSITION, Trouble.POSITION_NONE_LEFT, template=template.id)
        return ""

    def _free(
        self, mac: MacAddress, template: RoomTemplate, stored: KnownRoom,
        placed: dict[str, WantedPhone],
    ) -> Iterator[Position]:  # fmt: skip
        """Positions nobody else has; first the one where the phone stands already."""
        own = [p for p in template.positions if stored.phones.get(p.id) == mac]
        others = [p for p in template.positions if p.id not in stored.phones]
        yield from (p for p in (*own, *others) if p.id not in placed)

    def _suits(self, model: Model, place: Position) -> bool:
        return not why_unfit(model, self._known.presets[place.preset])

    def _say_unfit(self, row: ListRow, model: Model, place: Position) -> None:
        models = ", ".join(place.models[:3])
        self._book.say(row, Column.MODEL, Trouble.MODEL_UNFIT, model=model.name,
                       position=place.id, models=models)  # fmt: skip

    def _is_free(
        self, row: ListRow, mac: MacAddress, position: str, stored: KnownRoom,
        placed: dict[str, WantedPhone],
    ) -> bool:  # fmt: skip
        book, room = self._book, stored.id
        stands, holder = self._known.stands.get(mac), stored.phones.get(position)
        if position in placed:
            first = placed[position].row
            book.say(row, Column.POSITION, Trouble.POSITION_TWICE, position=position, room=room,
                     row=first)  # fmt: skip
            return False
        if stands == (room, position):
            book.say(row, Column.MAC, Remark.IS_THERE)
        elif stands is not None:
            book.say(row, Column.MAC, Trouble.MAC_ELSEWHERE, room=stands[0], position=stands[1])
        elif holder is not None:
            book.say(row, Column.POSITION, Trouble.POSITION_TAKEN, position=position, room=room,
                     mac=holder.colons)  # fmt: skip
        before = stored.models.get(position, "")
        if stands == (room, position) and before and self._differs(row, before):
            book.say(row, Column.MODEL, Remark.MODEL_CHANGES, before=before)
        return True

    def _differs(self, row: ListRow, before: str) -> bool:
        model = self._known.find_model(row.text(Column.MODEL)) if row.text(Column.MODEL) else None
        return model is not None and model.id != before

    def _check_extension(self, row: ListRow, model: Model, extension: str) -> None:
        if model.accounts and model.dect is None and not extension:
            self._book.say(row, Column.EXTENSION, Trouble.EXTENSION_NEEDED)
