"""Tables of figures, and the page they are written to."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Table:
    """One measurement: what was done, and its figures."""

    title: str
    text: str
    columns: Sequence[str] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)

    @classmethod
    def missing(cls, title: str, why: str) -> Table:
        """A measurement that could not be made."""
        return cls(title, f"**Not measured:** {why}.")

    def add(self, *cells: object) -> None:
        """Add a row."""
        self.rows.append(tuple(str(cell) for cell in cells))

    def markdown(self) -> str:
        """The table with its heading."""
        lines = [f"## {self.title}", "", self.text, ""]
        if self.columns:
            rows = [tuple(self.columns), tuple("---" for _ in self.columns), *self.rows]
            lines += [*("| " + " | ".join(row) + " |" for row in rows), ""]
        return "\n".join(lines)


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def spread(ratios: Sequence[float]) -> str:
    """The middle of the rounds' ratios, with the lowest and the highest."""
    if not ratios:
        return "-"
    return f"**{median(ratios):.2f}** ({min(ratios):.2f}-{max(ratios):.2f})"
