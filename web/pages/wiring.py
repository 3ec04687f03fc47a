"""The pages put into a Flask application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from sqlalchemy.exc import OperationalError

from provisioner.delivery import utc_now
from web.accounts.signing_in import Door
from web.accounts.users import has_admin
from web.accounts.welcome import make_setup_code
from web.installation import Installation
from web.pages import assets as asset_pages
from web.pages import desk as desk_module
from web.pages.access import PREFIX, arrive, is_page, public
from web.pages.assets import Assets
from web.pages.cookie import set_up_cookie
from web.pages.desk import Desk
from web.pages.failures import set_up_failures
from web.pages.headers import leave
from web.pages.shell import set_up_shell
from web.pages.views import (
    account,
    audit,
    bulk,
    call_reports,
    call_rule_pages,
    change,
    dhcp,
    entry,
    hotel,
    incidents,
    install_room,
    overview,
    pbx,
    phone_change,
    phone_files,
    phone_keys,
    phone_settings,
    search,
    stages,
    styleguide,
    switches,
    users,
)

log = logging.getLogger(__name__)

FORM_BYTES_MAX = 1024 * 1024
FORM_FIELDS_MAX = 5000
BLUEPRINTS = (
    asset_pages.PAGES, entry.PAGES, overview.PAGES, account.PAGES, users.PAGES, audit.PAGES,
    switches.PAGES, pbx.PAGES, dhcp.PAGES, call_reports.PAGES,
    hotel.PAGES, incidents.PAGES, phone_change.PAGES, phone_keys.PAGES, search.PAGES,
    install_room.PAGES, bulk.PAGES,
    call_rule_pages.PAGES,
    change.PAGES, stages.PAGES, phone_settings.PAGES, phone_files.PAGES,
)  # fmt: skip


def add_pages(
    app: Flask,
    installation: Installation,
    *,
    now: Callable[[], datetime] = utc_now,
    door: Door | None = None,
    with_styleguide: bool = False,
) -> None:
    """Add all pages.

    Args:
        app: made with ``template_folder="pages/templates"``.
        installation: the opened data folder.
        now: the time, naive UTC.
        door: where people sign in; None: the usual one.
        with_styleguide: also the page that shows all parts of pages, for tests.
    """
    app.jinja_options = {
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_BYTES_MAX,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES_MAX,
        MAX_FORM_PARTS=FORM_FIELDS_MAX,
        WTF_CSRF_TIME_LIMIT=None,  # it ends with the session
        WTF_CSRF_SSL_STRICT=False,  # the Referer check; tokens and SameSite do this work
    )
    settings = installation.settings.http
    assets = Assets()
    app.extensions[asset_pages.KEY] = assets
    app.extensions[desk_module.KEY] = Desk(
        installation, door or Door(installation.database), assets, now
    )
    set_up_cookie(app, installation.box, settings)
    set_up_shell(app, assets)
    set_up_failures(app)
    app.before_request(arrive)
    CSRFProtect(app)
    app.after_request(_leave)
    app.add_url_rule(PREFIX, "pages", public(lambda: redirect(f"{PREFIX}/", 303)))
    for blueprint in (*BLUEPRINTS, *([styleguide.PAGES] if with_styleguide else [])):
        app.register_blueprint(blueprint, url_prefix=PREFIX)


def _leave(answer: Response) -> Response:
    return leave(answer) if is_page(request.path) else answer


def front() -> ResponseReturnValue:
    """Send a browser to the pages; whatever else asks is told what this is, as phones may ask."""
    if "text/html" in request.headers.get("Accept", ""):
        return redirect(f"{PREFIX}/", 303)
    return Response(
        "bellwire answers phones here. Look at it with: bellwire status\n", mimetype="text/plain"
    )


def announce_setup(installation: Installation, now: datetime) -> None:
    """Write to the log where the first administrator is made, while there is none."""
    try:
        with installation.database.read() as reading:
            if has_admin(reading):
                return
        with installation.database.write() as session:
            code = make_setup_code(session, now)
    except OperationalError:
        code = None
        log.warning("no set-up code could be made: the database is busy")
    if code is not None:
        log.warning(
            "there is no administrator yet; make one within 24 hours at %s "
            "(another code: bellwire users setup-link)",
            setup_address(installation, code),
        )


def setup_address(installation: Installation, code: str, base: str = "") -> str:
    """Return the address at which a code can be used."""
    http = installation.settings.http
    scheme = "https" if http.tls_certificate else "http"
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"{base.rstrip('/') or f'{scheme}://{host}:{http.port}'}{PREFIX}/welcome/{code}"
