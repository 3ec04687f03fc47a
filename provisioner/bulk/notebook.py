"""Notes on cells, while a list is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from provisioner.bulk.cells import Column, ListRow, Remark, Said, Trouble


@dataclass(slots=True)
class Notebook:
    """What is said of cells, and what counts in empty ones, while a list is judged."""

    said: dict[int, list[Said]] = field(default_factory=dict)
    filled: dict[int, dict[Column, str]] = field(default_factory=dict)

    def say(
        self, row: ListRow, column: Column, what: Trouble | Remark, /, **facts: str | int
    ) -> None:
        """Note a sentence about a cell."""
        told = {name: str(value) for name, value in facts.items()}
        self.said.setdefault(row.number, []).append(Said(column, what, told))

    def fill(self, row: ListRow, column: Column, value: str) -> None:
        """Note what counts where nothing is written."""
        if value and not row.text(column):
            self.filled.setdefault(row.number, {})[column] = value
