"""One's own account: language, looks, password, browsers that are signed in, and API tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Blueprint, abort, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, SecretStr
from sqlalchemy import select

from web.accounts import api_tokens, sessions
from web.accounts.passwords import BusyError
from web.accounts.people import Scope, scopes_of
from web.accounts.refusals import AccountError
from web.accounts.tables import UserRow
from web.accounts.users import check_password, set_password_hash, set_preferences
from web.pages.access import TOKEN, now, person
from web.pages.browsers import browser_of
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.language import gettext
from web.pages.words import SCOPES, refusal

PAGES = Blueprint("account", __name__)


class PreferencesForm(FormModel):
    """Language and looks; empty: as the browser wants it."""

    language: Literal["", "en", "es", "ru"] = ""
    theme: Literal["", "light", "dark"] = ""


class PasswordForm(FormModel):
    """The present password, and the new one twice."""

    present: SecretStr
    password: SecretStr
    again: SecretStr


class TokenForm(FormModel):
    """A new token; ``days`` empty: no end."""

    title: Annotated[str, Field(max_length=100)]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = (Scope.READ,)
    days: Literal["30", "90", "365", ""] = "90"


@PAGES.get("/account")
def mine() -> ResponseReturnValue:
    """Show one's own account."""
    return _page()


def _page(
    password: Form[PasswordForm] | None = None,
    token: Form[TokenForm] | None = None,
    made: str = "",
) -> str:
    who = person()
    with desk().installation.database.read() as reading:
        browsers = sessions.sessions_of(reading, who.id, now())
        tokens = [row for row, _ in api_tokens.tokens_of(reading, who.id)]
    return render_template(
        "account.html",
        preferences=blank(PreferencesForm, language=who.language, theme=who.theme),
        password=password or blank(PasswordForm),
        token=token or blank(TokenForm),
        made=made,
        browsers=[(row, browser_of(row.agent)) for row in browsers],
        tokens=tokens,
        scopes=[(scope, gettext(SCOPES[scope])) for scope in scopes_of(who.role)],
        scope_words=SCOPES,
    )


@PAGES.post("/account/preferences")
def prefer() -> ResponseReturnValue:
    """Keep language and looks."""
    form = filled(PreferencesForm, request.form)
    if form.data is None:
        abort(400)
    with desk().installation.database.write() as writing:
        set_preferences(writing, person().id, language=form.data.language, theme=form.data.theme)
    if form.data.language:
        g.language = form.data.language  # what follows is said in the new one
    flash(gettext("Saved."), "good")
    return redirect(url_for("account.mine"), 303)


@PAGES.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Choose another password; all other browsers are signed out, and this one begins anew."""
    form = filled(PasswordForm, request.form)
    if not _is_changed(form):
        return _page(password=form), 422
    flash(gettext("Your password is changed. Other browsers are signed out."), "good")
    return redirect(url_for("account.mine"), 303)


def _is_changed(form: Form[PasswordForm]) -> bool:
    wish, who, door = form.data, person(), desk().door
    if wish is None:
        return False
    if wish.password != wish.again:
        form.refuse("again", gettext("This is not the same password."))
    try:
        check_password(wish.password, who.name)
    except AccountError as problem:
        form.refuse("password", refusal(problem.reason))
    with desk().installation.database.read() as reading:
        kept = reading.scalar(select(UserRow.password_hash).where(UserRow.id == who.id)) or ""
    try:
        if door.is_shut_out(g.address, who.name):
            abort(429)
        if not door.passwords.is_right(kept, wish.present):
            door.refuse(g.address, who.name)
            form.refuse("present", refusal("wrong-password"))
        if form.errors:
            return False
        made = door.passwords.hash(wish.password)
    except BusyError:
        abort(503)
    with desk().installation.database.write() as writing:
        row = writing.scalars(select(UserRow).where(UserRow.id == who.id)).one()
        set_password_hash(writing, row, made, who.signature, now())
        sessions.end_all(writing, who.id)
        fresh = sessions.begin(writing, who.id, g.address, request.user_agent.string, now())
    session.clear()
    session[TOKEN], session.permanent = fresh, True
    return True


@PAGES.post("/account/sessions/<int:session_id>/end")
def end_session(session_id: int) -> ResponseReturnValue:
    """Sign one browser out."""
    with desk().installation.database.write() as writing:
        sessions.end(writing, person().id, session_id)
    flash(gettext("That browser is signed out."), "good")
    return redirect(url_for("account.mine"), 303)


@PAGES.post("/account/tokens")
def add_token() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form, who = filled(TokenForm, request.form), person()
    wish = form.data
    if wish is None:
        return _page(token=form), 422
    days = int(wish.days) if wish.days else None
    try:
        with desk().installation.database.write() as writing:
            row = writing.scalars(select(UserRow).where(UserRow.id == who.id)).one()
            made = api_tokens.make_api_token(
                writing, row, wish.title, wish.scopes, days, who.signature, now()
            )
    except AccountError as problem:
        form.refuse("scopes", refusal(problem.reason))
        return _page(token=form), 422
    return _page(made=made), 201


@PAGES.post("/account/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """End a token."""
    who = person()
    try:
        with desk().installation.database.write() as writing:
            api_tokens.revoke(writing, token_id, who.signature, now(), who.id)
    except AccountError:
        abort(404)
    flash(gettext("The token is revoked."), "good")
    return redirect(url_for("account.mine"), 303)
