"""An account to the file that an app fetches."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError

from provisioner.errors import RenderError
from provisioner.soft_phones.accounts import SoftAccount
from provisioner.soft_phones.apps import FOLDER, SoftPhoneApp
from provisioner.syntaxes import UnsafeValueError, environment


def written(folder: Path, app: SoftPhoneApp, account: SoftAccount) -> bytes:
    """Return the file of an account for an app.

    Raises:
        RenderError: the template failed or a value cannot be written; names the template.
    """
    try:
        text = _environment(folder).get_template(app.template).render(account=account)
    except (TemplateError, UnsafeValueError, TypeError, ValueError, LookupError) as problem:
        raise RenderError(app.name, f"{FOLDER}/{app.template}", str(problem)) from problem
    return text.encode("utf-8")


@cache
def _environment(folder: Path) -> Environment:
    return environment("xml", FileSystemLoader(folder / FOLDER), masked=False)
