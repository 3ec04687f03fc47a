"""The PBX of a site: how it stands, and what bellwire writes for it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from provisioner.errors import BellwireError
from provisioner.inventory.audit import note
from provisioner.pbx.asterisk import FILES
from web.accounts.people import Role
from web.pages.access import needs, now, person
from web.pages.desk import desk
from web.pages.network.pbx import pbx_files, pbx_view
from web.pages.speaking import site_voice

PAGES = Blueprint("pbx", __name__)


@PAGES.get("/sites/<site>/pbx")
def state(site: str) -> ResponseReturnValue:
    """Show how the PBX stands."""
    found = pbx_view(desk().installation, site)
    if found is None:
        abort(404)
    voice = site_voice(desk().installation, site, now())
    return render_template("pbx.html", pbx=found, voice=voice, files=())


@PAGES.get("/sites/<site>/pbx/files")
@needs(Role.INSTALLER)
def files(site: str) -> ResponseReturnValue:
    """Show the files for the PBX, without their secrets."""
    installation = desk().installation
    found = pbx_view(installation, site)
    if found is None:
        abort(404)
    voice = site_voice(installation, site, now())
    problem = ""
    try:
        made, remarks = pbx_files(installation, site, now(), masked=True)
    except BellwireError as refused:
        made, remarks, problem = (), (), str(refused)
    return render_template(
        "pbx-files.html", pbx=found, voice=voice, files=made, remarks=remarks, problem=problem
    )


@PAGES.post("/sites/<site>/pbx/files/<name>")
@needs(Role.ADMIN)
def download(site: str, name: str) -> ResponseReturnValue:
    """Hand out a file with its secrets; the audit log notes it."""
    installation = desk().installation
    if name not in FILES or pbx_view(installation, site) is None:
        abort(404)
    try:
        made, _ = pbx_files(installation, site, now(), masked=False)
    except BellwireError:
        abort(409)
    with installation.database.write() as writing:
        note(writing, now(), person().signature, "pbx-file", site, name)
    text = next(file.text for file in made if file.name == name)
    return Response(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
