"""All parts of pages side by side; only tests have this page."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue

from web.pages.access import now, public
from web.pages.forms import Form

PAGES = Blueprint("styleguide", __name__)


@PAGES.get("/styleguide")
@public
def parts() -> ResponseReturnValue:
    """Show every part, with long words in it."""
    flash("A sentence that says that something went well.", "good")
    flash("A sentence that says that something was refused, and why.", "bad")
    form: Form[object] = Form(  # type: ignore[type-var]
        {"name": "maria", "note": "", "pick": "b", "many": ["a"]},
        {"note": "This is needed."},
    )
    return render_template("styleguide.html", form=form, at=now() - timedelta(minutes=7))
