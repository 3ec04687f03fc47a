"""Coming in and going out: signing in, signing out, and choosing a first password."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, abort, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from web.accounts import sessions
from web.accounts.passwords import BusyError
from web.accounts.people import Role
from web.accounts.refusals import AccountError
from web.accounts.signing_in import Attempt, Refusal
from web.accounts.tables import UserRow
from web.accounts.users import (
    Reach,
    add_user,
    check_password,
    checked_name,
    has_admin,
    set_password_hash,
)
from web.accounts.welcome import Welcome, end_setup_codes, find_code, find_hash
from web.pages.access import TOKEN, is_inside, now, person, public
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.language import N_, gettext
from web.pages.words import refusal

PAGES = Blueprint("entry", __name__)
SIGN_IN_REFUSALS = {
    Refusal.WRONG: N_("Name or password is not right."),
    Refusal.TOO_MANY: N_("Too many attempts. Wait a few minutes, then try again."),
    Refusal.BUSY: N_("Too many people sign in at this moment. Try again."),
}
_STATUS = {Refusal.WRONG: 401, Refusal.TOO_MANY: 429, Refusal.BUSY: 503}


class SignInForm(FormModel):
    """Name and password; ``next`` is where the browser wanted to go."""

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[SecretStr, Field(max_length=1000)]
    next: str = ""


class WelcomeForm(FormModel):
    """A name, for the first administrator only, and a password twice."""

    name: str = ""
    password: SecretStr = SecretStr("")
    again: SecretStr = SecretStr("")


@PAGES.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for name and password."""
    if g.person is not None:
        return redirect(url_for("overview.sites"), 303)
    return _sign_in_page(blank(SignInForm, next=request.args.get("next", "")))


def _sign_in_page(form: Form[SignInForm]) -> str:
    with desk().installation.database.read() as reading:
        is_new = not has_admin(reading)
    return render_template("sign-in.html", form=form, is_new=is_new)


@PAGES.post("/sign-in")
@public
def do_sign_in() -> ResponseReturnValue:
    """Sign somebody in, with a new session whatever there was before."""
    form = filled(SignInForm, request.form)
    if form.data is None:
        return _sign_in_page(form), 422
    attempt = Attempt(form.data.name, form.data.password, g.address, request.user_agent.string)
    answer = desk().door.sign_in(attempt, now())
    if isinstance(answer, Refusal):
        form.refuse("", gettext(SIGN_IN_REFUSALS[answer]))
        return _sign_in_page(form), _STATUS[answer]
    _begin(answer)
    wanted = form.data.next
    return redirect(wanted if is_inside(wanted) else url_for("overview.sites"), 303)


def _begin(token: str) -> None:
    """Give the browser a new session; what its cookie held before, others may know."""
    if g.person is not None:
        with desk().installation.database.write() as writing:
            sessions.end(writing, g.person.id, g.person.session_id)
    _forget()
    session[TOKEN] = token
    session.permanent = True


def _forget() -> None:
    """Empty what the cookie holds; only the language that was chosen before stays."""
    language = session.get("language")
    session.clear()
    if language is not None:
        session["language"] = language


@PAGES.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session, or all of this user."""
    who = person()
    with desk().installation.database.write() as writing:
        if "everywhere" in request.form:
            sessions.end_all(writing, who.id)
            note(writing, now(), who.signature, "user-logout", who.name)
        elif who.session_id is not None:
            sessions.end(writing, who.id, who.session_id)
    _forget()
    flash(gettext("You are signed out."), "good")
    return redirect(url_for("entry.sign_in"), 303)


@PAGES.get("/welcome/<code>")
@public
def welcome(code: str) -> ResponseReturnValue:
    """Ask for what a one-time code is good for."""
    return render_template("welcome.html", form=blank(WelcomeForm), welcome=_welcome(code))


def _welcome(code: str) -> Welcome:
    """What the code is good for; a wrong one is not there, and counts against its sender."""
    door = desk().door
    if door.is_shut_out(g.address):
        abort(429)
    with desk().installation.database.read() as reading:
        found = find_code(reading, code, now())
    if found is None:
        door.refuse(g.address)
        abort(404)
    return found


@PAGES.post("/welcome/<code>")
@public
def do_welcome(code: str) -> ResponseReturnValue:
    """Make the first administrator, or give a user the chosen password; then sign in."""
    found = _welcome(code)
    form = filled(WelcomeForm, request.form)
    token = _chosen(found, form)
    if token is None:
        return render_template("welcome.html", form=form, welcome=found), 422
    _begin(token)
    flash(gettext("Your password is set. Welcome!"), "good")
    return redirect(url_for("overview.sites"), 303)


def _chosen(found: Welcome, form: Form[WelcomeForm]) -> str | None:
    """Return the token of a session for whoever chose a password, or None with the errors said."""
    wish = form.data
    if wish is None:
        return None
    try:
        name = found.name or checked_name(wish.name)
    except AccountError as problem:
        form.refuse("name", refusal(problem.reason))
        name = ""
    try:
        check_password(wish.password, name)
    except AccountError as problem:
        form.refuse("password", refusal(problem.reason))
    if wish.password != wish.again:
        form.refuse("again", gettext("This is not the same password."))
    if form.errors:
        return None
    try:
        made = desk().door.passwords.hash(wish.password)
    except BusyError:
        abort(503)
    with desk().installation.database.write() as writing:
        return _settled(writing, found, name, made)


def _settled(writing: Session, found: Welcome, name: str, made: str) -> str:
    """Use a code up, in the transaction that stores the password."""
    if find_hash(writing, found.code_hash, now()) is None:  # another browser was first
        abort(404)
    if found.user_id is None:
        row = add_user(writing, name, Role.ADMIN, Reach(), "setup", now())
        end_setup_codes(writing)
        note(writing, now(), f"web:{name}", "setup", name, str(g.address))
    else:
        row = writing.scalars(select(UserRow).where(UserRow.id == found.user_id)).one()
    set_password_hash(writing, row, made, f"web:{row.name}", now())
    sessions.end_all(writing, row.id)
    return sessions.begin(writing, row.id, g.address, request.user_agent.string, now())
