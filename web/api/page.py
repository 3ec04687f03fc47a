"""The list of operations as a page for people: docs/api.md is made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from web.api.openapi import about
from web.api.operation import Operation

MARK = (
    "<!-- Below this line it is written by scripts/write_docs.py from the table of operations. -->"
)


def operations_page(operations: Sequence[Operation], tags: Mapping[str, str]) -> str:
    """Return the generated part of docs/api.md.

    Args:
        operations: the table.
        tags: areas in their order, with a sentence each.
    """
    return "\n".join(_lines(operations, tags)) + "\n"


def _lines(operations: Sequence[Operation], tags: Mapping[str, str]) -> Iterator[str]:
    yield "## Operations"
    for tag, sentence in tags.items():
        yield ""
        yield f"### {tag[0].upper()}{tag[1:]}"
        yield ""
        yield sentence
        yield ""
        yield "| request | what it does | needs |"
        yield "|---|---|---|"
        yield from (_row(operation) for operation in operations if operation.tag == tag)


def _row(operation: Operation) -> str:
    needs = "nothing"
    if operation.scope is not None:
        role = f", {operation.role}" if operation.role != "viewer" else ""
        needs = f"{operation.scope}{role}"
    note = about(operation).partition("Needs the scope")[0].strip()
    told = f"{operation.summary}. {note}".strip()
    return f"| `{operation.method} {operation.path}` | {told} | {needs} |"
