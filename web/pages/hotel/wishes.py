"""What of a hotel somebody wants to see: filters, search and page, as an address has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from monitors.status import State
from provisioner.whole_numbers import whole_number
from web.pages.words import ORDER

TROUBLE = "trouble"
"""A filter: every state in which something is to be said of a phone."""
TROUBLES = frozenset({State.DOWN, State.FAILING, State.RECOVERING, State.WARNING})
VIEWS = ("plan", "list")
NO_FLOOR = "-"
"""Stands for rooms without a floor."""
_TEXT_MAX = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; an empty field leaves everything.

    Attributes:
        state: a state's word, or ``trouble``.
        floor: of rooms; ``-``: those without one.
        text: what is searched for.
        page: from 1.
    """

    view: str = "plan"
    state: str = ""
    floor: str = ""
    model: str = ""
    switch: str = ""
    text: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether something is left out."""
        return any((self.state, self.floor, self.model, self.switch, self.text))

    @property
    def states(self) -> frozenset[State]:
        """The states that are wanted."""
        if self.state == TROUBLE:
            return TROUBLES
        return frozenset({State(self.state)}) if self.state else frozenset(ORDER)

    def but(self, **changes: str | int) -> dict[str, str | int]:
        """Return the parts of an address for another filter, on its first page."""
        made = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        plain = Wanted()
        names = {"text": "q"}
        return {
            names.get(f.name, f.name): getattr(made, f.name)
            for f in fields(made)
            if getattr(made, f.name) != getattr(plain, f.name)
        }


def wanted_of(args: Mapping[str, str]) -> Wanted:
    """Read an address; what makes no sense is left out."""

    def text(name: str) -> str:
        return args.get(name, "").strip()[:_TEXT_MAX]

    state, page, view = text("state"), text("page"), text("view")
    return Wanted(
        view=view if view in VIEWS else "plan",
        state=state if state == TROUBLE or state in set(State) else "",
        floor=text("floor"),
        model=text("model"),
        switch=text("switch"),
        text=text("q"),
        page=min(max(whole_number(page) or 1, 1), 10_000),
    )
