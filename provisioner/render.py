"""PhoneKit to RenderedFile: a pure function of its inputs.

Same inputs, same bytes: phones compare digests, so nothing here knows the time or a random.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError
from pydantic import SecretStr

from provisioner import fanvil_xml
from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Dialect, RenderedName, Role
from provisioner.errors import RenderError
from provisioner.kit import PhoneKit, Urls
from provisioner.mac import MacAddress
from provisioner.syntaxes import UnsafeValueError, environment

_SECRET_NAME = re.compile(
    r"pass|pswd|pwd|secret|psk|aes_key|file key|pin_code|\bpin\b", re.IGNORECASE
)
Versioner = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A finished file.

    Attributes:
        name: as the phone asks for it; ``aliases`` are other names of the same file.
        digest: SHA-256 of the body, hexadecimal.
        version: the rising counter that the body holds, 0 where the dialect has none.
    """

    name: str
    aliases: tuple[str, ...]
    role: Role
    media_type: str
    body: bytes
    digest: str
    version: int = 0


def unversioned(_name: str, _content_digest: str) -> int:
    """A versioner for previews: always 1."""
    return 1


def render(
    folder: Path, kit: PhoneKit, *, version_for: Versioner = unversioned, masked: bool = False
) -> tuple[RenderedFile, ...]:
    """Render every file of a phone.

    Args:
        folder: the catalogue's folder, where ``phones/<vendor>/`` holds the templates.
        kit: what the files are made of.
        version_for: given a file name and the digest of its body under version 0, returns the
            version to write; called only for dialects with a counter.
        masked: secrets are asterisks (for previews and diffs).

    Raises:
        RenderError: a template failed or a value cannot be written; names model and template.
    """
    made = []
    for entry in kit.dialect.files:
        if _nameless(entry.name, kit.model):
            continue
        name = file_name(entry.name, kit.model, kit.phone.mac)
        body = _body(folder, kit, entry, 0, masked=masked)
        version = 0
        if kit.dialect.version_counter:
            version = version_for(name, _digest(body))
            body = _numbered(body, kit.dialect, version) or _body(
                folder, kit, entry, version, masked=masked
            )
        if body.strip():
            aliases = _aliases(entry, kit.model, kit.phone.mac)
            made.append(
                RenderedFile(
                    name, aliases, entry.role, entry.media_type, body, _digest(body), version
                )
            )
    return tuple(made)


def render_first_contact(
    folder: Path, dialect: Dialect, model: Model, mac: MacAddress, urls: Urls
) -> tuple[RenderedFile, ...]:
    """Render what a tokenless request gets while its phone is armed: the token URL, no more."""
    made = []
    for entry in dialect.first_contact:
        facts = {"mac": mac, "model": model, "urls": urls, "type": model.type_string}
        facts["form"] = entry.form
        template = f"{model.vendor}/{entry.template}"
        body = _rendered(folder, dialect.syntax, model, template, facts, entry.form, masked=False)
        name = file_name(entry.name, model, mac)
        aliases = _aliases(entry, model, mac)
        made.append(RenderedFile(name, aliases, entry.role, entry.media_type, body, _digest(body)))
    return tuple(made)


def file_name(pattern: str, model: Model, mac: MacAddress) -> str:
    """Fill ``{mac}``, ``{MAC}``, ``{type}``, ``{code}`` and ``{firmware}`` of a file name."""
    return (
        pattern.replace("{mac}", mac)
        .replace("{MAC}", mac.upper12)
        .replace("{type}", model.type_string)
        .replace("{code}", model.code)
        .replace("{firmware}", model.firmware_name)
    )


def _aliases(entry: RenderedName, model: Model, mac: MacAddress) -> tuple[str, ...]:
    """The other names of a file, as far as the model has what they are made of."""
    return tuple(file_name(a, model, mac) for a in entry.aliases if not _nameless(a, model))


def _nameless(pattern: str, model: Model) -> bool:
    """Whether a file's name is not known for this model."""
    parts = {"{code}": model.code, "{firmware}": model.firmware_name}
    return any(part in pattern and not value for part, value in parts.items())


def _body(folder: Path, kit: PhoneKit, entry: RenderedName, version: int, *, masked: bool) -> bytes:
    facts: dict[str, object] = {
        "kit": kit,
        "s": kit.settings,
        "mac": kit.phone.mac,
        "model": kit.model,
        "lines": kit.lines,
        "handsets": kit.handsets,
        "plan": kit.plan,
        "clock": kit.clock,
        "urls": kit.urls,
        "secrets": kit.secrets,
        "type": kit.model.type_string,
        "form": entry.form,
        "version": version_text(kit.dialect, version),
        "raw": hide_secret_parameters(kit.settings.raw.get(kit.dialect.id, {})),
    }
    template = f"{kit.vendor.id}/{entry.template}"
    syntax = kit.dialect.syntax
    return _rendered(folder, syntax, kit.model, template, facts, entry.form, masked=masked)


def _numbered(body: bytes, dialect: Dialect, version: int) -> bytes | None:
    """Put a counter where a body has that of version 0; None: that is not at one place only."""
    zero = version_text(dialect, 0).encode("ascii")
    if body.count(zero) != 1:
        return None
    return body.replace(zero, version_text(dialect, version).encode("ascii"))


def hide_secret_parameters(raw: Mapping[str, str]) -> dict[str, str | SecretStr]:
    """Return vendor parameters with those whose names speak of a secret masked in previews."""
    return {n: SecretStr(v) if _SECRET_NAME.search(n) else v for n, v in raw.items()}


def version_text(dialect: Dialect, version: int) -> str:
    """Write a counter as the dialect wants it: ``2.`` and a fixed number of digits."""
    if not dialect.version_counter:
        return ""
    major, digits = dialect.version_counter.split(".")
    return f"{major}.{version:0{int(digits)}d}"


def _rendered(
    folder: Path,
    syntax: str,
    model: Model,
    template: str,
    facts: dict[str, object],
    form: str,
    *,
    masked: bool,
) -> bytes:
    try:
        text = _environment(folder, syntax, masked).get_template(template).render(facts)
        if form:
            text = fanvil_xml.converted(text, form)
    except (TemplateError, UnsafeValueError, TypeError, ValueError, LookupError) as problem:
        raise RenderError(model.id, template, str(problem)) from problem
    return text.encode("utf-8")


@cache
def _environment(folder: Path, syntax: str, masked: bool) -> Environment:  # noqa: FBT001 - cache key
    return environment(syntax, FileSystemLoader(folder / "phones"), masked=masked)


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
