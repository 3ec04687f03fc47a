"""What forms write into the rules of calls, and where their errors stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.edits.edit import EditError, Problem
from provisioner.inventory.site_yaml import Path_, dotted
from web.pages.forms import Form

Json = dict[str, Any]


def put(document: Json, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """Write one part of a document; nothing takes it out."""
    if value in (None, "", [], {}):
        document.pop(name, None)
    else:
        document[name] = value


def refuse(form: Form[Any], problem: EditError, below: Path_, fields: Mapping[str, str]) -> None:
    """Put what is wrong with an edit beside the fields of a form.

    Args:
        form: it.
        problem: all that was found.
        below: where in the part ``calls`` the form stands.
        fields: a field of the form by the name that stands behind ``below``.
    """
    told: dict[str, list[str]] = {}
    for each in problem.problems:
        name, words = _placed(each, ("head", "calls", *below), fields)
        told.setdefault(name, []).append(words)
    for name, sentences in told.items():
        form.refuse(name, "; ".join(dict.fromkeys(sentences)))


def _placed(problem: Problem, below: Path_, fields: Mapping[str, str]) -> tuple[str, str]:
    rest = problem.path[len(below) :]
    if problem.path[: len(below)] == below:
        if rest and str(rest[0]) in fields:
            return fields[str(rest[0])], problem.sentence
        if "" in fields:
            return fields[""], problem.sentence
    place = dotted(problem.path[1:] if problem.path[:1] == ("head",) else problem.path)
    return "", f"{place}: {problem.sentence}" if place else problem.sentence
