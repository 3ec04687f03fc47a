"""Search over everything: rooms, extensions, MACs in any spelling, addresses, names."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from web.pages.access import person
from web.pages.desk import desk
from web.pages.finding.reading import search
from web.pages.finding.understanding import TEXT_MAX, meaning_of

PAGES = Blueprint("search", __name__)


@PAGES.get("/search")
def everything() -> ResponseReturnValue:
    """Show what was found on the sites somebody may see."""
    meaning = meaning_of(request.args.get("q", "")[: 2 * TEXT_MAX])
    installation = desk().installation
    return render_template(
        "search.html", found=search(installation, person(), meaning), sought=meaning.text,
        models=installation.catalogue.models,
    )  # fmt: skip
