"""Users, for administrators: who may sign in, as what, and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from provisioner.inventory.tables import SiteRow
from web.accounts import sessions
from web.accounts.people import Role
from web.accounts.refusals import AccountError
from web.accounts.tables import UserRow
from web.accounts.users import (
    Reach,
    add_user,
    all_users,
    reach_from,
    reach_of,
    remove_user,
    set_active,
    set_reach,
    set_role,
    user_named,
)
from web.accounts.welcome import make_welcome_code
from web.pages.access import PREFIX, needs, now, person
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.language import gettext
from web.pages.words import ROLES, refusal

PAGES = Blueprint("users", __name__)
Sites = list[tuple[str, str]]


class NewUserForm(FormModel):
    """A user to be added."""

    name: Annotated[str, Field(max_length=64)]
    role: Role = Role.VIEWER
    all_sites: bool = False
    sites: tuple[str, ...] = ()


class UserForm(FormModel):
    """What can be changed of a user."""

    role: Role
    all_sites: bool = False
    sites: tuple[str, ...] = ()


def _sites(reading: Session) -> Sites:
    query = select(SiteRow.id, SiteRow.name).order_by(SiteRow.name, SiteRow.id)
    return [(row.id, row.name) for row in reading.execute(query)]


@PAGES.get("/users")
@needs(Role.ADMIN)
def all_of_them() -> ResponseReturnValue:
    """List all users."""
    with desk().installation.database.read() as reading:
        rows, names = all_users(reading), dict(_sites(reading))
    return render_template("users.html", rows=rows, names=names, roles=ROLES)


@PAGES.get("/users/new")
@needs(Role.ADMIN)
def new() -> ResponseReturnValue:
    """Ask for a new user."""
    return _new_page(blank(NewUserForm))


def _new_page(form: Form[NewUserForm]) -> str:
    with desk().installation.database.read() as reading:
        sites = _sites(reading)
    return render_template("user-new.html", form=form, sites=sites, roles=ROLES)


@PAGES.post("/users/new")
@needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a user, and show the link by which that person chooses a password."""
    form = filled(NewUserForm, request.form)
    wish, who = form.data, person().signature
    if wish is None:
        return _new_page(form), 422
    try:
        with desk().installation.database.write() as writing:
            known = [site for site, _ in _sites(writing)]
            reach = reach_from(wish.sites, known, all_sites=wish.all_sites)
            row = add_user(writing, wish.name, wish.role, reach, who, now())
            code = make_welcome_code(writing, row, who, now())
    except AccountError as problem:
        form.refuse("name", refusal(problem.reason))
        return _new_page(form), 422
    return _user_page(row.name, code=code), 201


@PAGES.get("/users/<name>")
@needs(Role.ADMIN)
def one(name: str) -> ResponseReturnValue:
    """Show a user."""
    return _user_page(name)


def _user_page(name: str, form: Form[UserForm] | None = None, code: str = "") -> str:
    with desk().installation.database.read() as reading:
        row = _user(reading, name)
        reach = reach_of(reading, row.id, all_sites=row.all_sites)
        sites = _sites(reading)
        browsers = sessions.sessions_of(reading, row.id, now())
    shown = form or blank(
        UserForm, role=row.role, all_sites=reach.all_sites, sites=list(reach.sites)
    )
    link = f"{_base()}{PREFIX}/welcome/{code}" if code else ""
    return render_template(
        "user.html", user=row, form=shown, sites=sites, roles=ROLES, link=link,
        browsers=len(browsers), is_self=row.id == person().id,
    )  # fmt: skip


def _base() -> str:
    """How this browser has reached the server."""
    return f"{'https' if g.is_https else 'http'}://{request.host}"


def _user(reading: Session, name: str) -> UserRow:
    try:
        return user_named(reading, name)
    except AccountError:
        abort(404)


@PAGES.post("/users/<name>")
@needs(Role.ADMIN)
def change(name: str) -> ResponseReturnValue:
    """Keep role and sites."""
    form = filled(UserForm, request.form)
    wish, who = form.data, person().signature
    if wish is None:
        return _user_page(name, form), 422

    def work(writing: Session) -> None:
        known = [site for site, _ in _sites(writing)]
        set_role(writing, name, wish.role, who, now())
        reach = reach_from(wish.sites, known, all_sites=wish.all_sites)
        set_reach(writing, name, Reach() if wish.role is Role.ADMIN else reach, who, now())

    return _done(name, work, gettext("Saved."), form)


def _done(
    name: str, work: Callable[[Session], None], sentence: str, form: Form[UserForm] | None = None
) -> ResponseReturnValue:
    """Do something to a user and say so, or say why it is refused."""
    try:
        with desk().installation.database.write() as writing:
            _user(writing, name)
            work(writing)
    except AccountError as problem:
        shown = form or Form[UserForm]()
        flash(refusal(problem.reason), "bad")
        return (_user_page(name, shown if form else None)), 422
    flash(sentence, "good")
    return redirect(url_for("users.one", name=name), 303)


@PAGES.post("/users/<name>/link")
@needs(Role.ADMIN)
def make_link(name: str) -> ResponseReturnValue:
    """Make a link by which the user chooses a new password; the present one stays until then."""
    with desk().installation.database.write() as writing:
        row = _user(writing, name)
        code = make_welcome_code(writing, row, person().signature, now())
    return _user_page(name, code=code), 201


@PAGES.post("/users/<name>/active")
@needs(Role.ADMIN)
def switch(name: str) -> ResponseReturnValue:
    """Disable a user, or let in again."""
    wanted = request.form.get("active") == "yes"

    def work(writing: Session) -> None:
        set_active(writing, name, person().signature, now(), active=wanted)

    sentence = (
        gettext("The user may sign in again.") if wanted else gettext("The user is disabled.")
    )
    return _done(name, work, sentence)


@PAGES.post("/users/<name>/sign-out")
@needs(Role.ADMIN)
def sign_out(name: str) -> ResponseReturnValue:
    """End all sessions of a user."""

    def work(writing: Session) -> None:
        row = user_named(writing, name)
        sessions.end_all(writing, row.id)
        note(writing, now(), person().signature, "user-logout", row.name)

    return _done(name, work, gettext("The user is signed out everywhere."))


@PAGES.post("/users/<name>/remove")
@needs(Role.ADMIN)
def remove(name: str) -> ResponseReturnValue:
    """Forget a user."""
    try:
        with desk().installation.database.write() as writing:
            _user(writing, name)
            remove_user(writing, name, person().signature, now())
    except AccountError as problem:
        flash(refusal(problem.reason), "bad")
        return redirect(url_for("users.one", name=name), 303)
    flash(gettext("%(name)s is removed.") % {"name": name}, "good")
    return redirect(url_for("users.all_of_them"), 303)
