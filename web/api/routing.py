"""Which operation an address and a method stand for; the table itself is the list of routes. Pure.

One rule of the web framework leads here: a rule for each operation would cost every process, and
every test, a third of a second at its start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from web.api.operation import Operation
from web.api.problems import ProblemError, not_found

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class Address:
    """A path with what it takes, by method."""

    parts: tuple[str, ...]
    operations: Mapping[str, Operation]

    @property
    def methods(self) -> list[str]:
        """The methods, as Allow has them."""
        also = {"HEAD"} if "GET" in self.operations else set()
        return sorted(also.union(self.operations))

    def names(self, given: tuple[str, ...]) -> Names | None:
        """Return what a path names; None: it is another one."""
        found: Names = {}
        for part, text in zip(self.parts, given, strict=True):
            if part.startswith("{") and text:
                found[part[1:-1]] = text
            elif part != text:
                return None
        return found


class Routes:
    """All addresses. Where two fit, the one that names less is meant: ``/sites/plan`` is no site.

    Args:
        operations: the table.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        grouped: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            grouped.setdefault(parts, {})[operation.method] = operation
        self._by_length: dict[int, list[Address]] = {}
        for parts in sorted(grouped, key=lambda parts: sum(p.startswith("{") for p in parts)):
            self._by_length.setdefault(len(parts), []).append(Address(parts, grouped[parts]))

    def find(self, method: str, path: str) -> tuple[Operation, Names]:
        """Return the operation of a request, and what its address names.

        Raises:
            ProblemError: there is no such address, or it does not take this method.
        """
        fitting = list(self._fitting(tuple(path.split("/"))))
        wanted = "GET" if method == "HEAD" else method
        for address, names in fitting:
            if wanted in address.operations:
                return address.operations[wanted], names
        if not fitting:
            raise not_found("there is no such address; /api/v1/openapi.json lists them")
        allow = ", ".join(fitting[0][0].methods)
        raise ProblemError("method", f"this address takes {allow}", (), {"Allow": allow})

    def _fitting(self, given: tuple[str, ...]) -> Iterator[tuple[Address, Names]]:
        for address in self._by_length.get(len(given), ()):
            names = address.names(given)
            if names is not None:
                yield address, names
