"""Finished files: the same inputs give the same bytes, and a preview holds no secret."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner import render as render_module
from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role
from provisioner.errors import RenderError
from provisioner.render import file_name, render, render_first_contact, version_text
from tests.kits import SECRETS, TOKEN, make_kit

CATALOGUE = load()
FOLDER = CATALOGUE.folder
HIDDEN = [
    TOKEN,
    *(s.get_secret_value() for s in (SECRETS.admin_password, SECRETS.user_password)),
]


def fitting() -> list[tuple[str, str]]:
    """Every model with its main preset, and one model of each dialect with all that fit it."""
    found: dict[tuple[str, str], None] = {}
    seen: set[tuple[str, str]] = set()
    for model in CATALOGUE.models.values():
        if not model.dialects:
            continue
        dialect = (model.vendor, CATALOGUE.dialect_of(model, None).id)
        presets = [CATALOGUE.main_preset(model)]
        if dialect not in seen:
            presets += CATALOGUE.presets_for(model)
        seen.add(dialect)
        found |= dict.fromkeys((model.id, preset.id) for preset in presets)
    return list(found)


def kit_of(model: str, preset: str, **given):
    handsets = 3 if CATALOGUE.models[model].dect else 0
    return make_kit(model, preset, handsets=handsets, **given)


MANY = {
    "sip": {"transport": "tls", "srtp": "required"},
    "directory": {"ldap_server": "ldap.example", "ldap_base": "dc=x", "ldap_user": "cn=x",
                  "ldap_password": "Ldap-Passw0rd"},
    "access": {"menu_locked": True},
    "door": {"local_code": "8642"},
    "dect": {"handset_pin": "8265"},
    "telemetry": {"action_urls": True},
}  # fmt: skip
IN_MANY = ["Ldap-Passw0rd", "8642", "8265", "482915", "7391"]


def test_there_are_models_to_test() -> None:
    assert len(fitting()) > len([m for m in CATALOGUE.models.values() if m.dialects])


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_same_inputs_same_bytes(model: str, preset: str) -> None:
    first = render(FOLDER, kit_of(model, preset, settings=MANY))
    assert first
    assert first == render(FOLDER, kit_of(model, preset, settings=MANY))
    assert len({f.name for f in first}) == len(first)
    for file in first:
        assert file.digest == hashlib.sha256(file.body).hexdigest()


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_a_preview_holds_no_secret(model: str, preset: str) -> None:
    kit = kit_of(model, preset, settings=MANY)
    accounts = [line.secret.get_secret_value() for line in kit.lines]
    whole = b"".join(f.body for f in render(FOLDER, kit)).decode("utf-8")
    shown = b"".join(f.body for f in render(FOLDER, kit, masked=True)).decode("utf-8")
    if kit.model.accounts:  # bases of a multicell system have none
        assert all(secret in whole for secret in accounts)
    for secret in [*HIDDEN, *accounts, *IN_MANY]:
        assert secret not in shown


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_two_phones_share_no_secret_file(model: str, preset: str) -> None:
    kit = kit_of(model, preset)
    names = {n.lower() for f in render(FOLDER, kit) for n in (f.name, *f.aliases)}
    assert any("0c383e000214" in name for name in names)


def versioned() -> list[str]:
    return [
        m.id for m in CATALOGUE.models.values()
        if m.dialects and CATALOGUE.dialect_of(m, None).version_counter
    ]  # fmt: skip


@pytest.mark.parametrize("model", versioned())
def test_a_version_comes_from_the_counter_alone(model: str) -> None:
    preset = next(p for m, p in fitting() if m == model)
    kit = kit_of(model, preset)
    asked: list[tuple[str, str]] = []

    def counter(name: str, digest: str) -> int:
        asked.append((name, digest))
        return 7

    files = render(FOLDER, kit, version_for=counter)
    assert {f.version for f in files} == {7}
    text = version_text(kit.dialect, 7)
    assert any(text.encode() in f.body for f in files)
    before = list(asked)
    eight = render(FOLDER, kit, version_for=lambda name, digest: counter(name, digest) + 1)
    assert asked[len(before) :] == before  # the digest asked with does not hold the version
    assert [f.digest for f in eight] != [f.digest for f in files]


def test_without_a_counter_nobody_is_asked() -> None:
    def never(_name: str, _digest: str) -> int:
        raise AssertionError

    files = render(FOLDER, kit_of("yealink/t46u", "office"), version_for=never)
    assert {f.version for f in files} == {0}


def test_counters_have_their_digits() -> None:
    dialect = CATALOGUE.dialect_of(CATALOGUE.models["fanvil/h2u-v2"], None)
    assert version_text(dialect, 7) == "2.0000000007"
    assert version_text(dialect.model_copy(update={"version_counter": "2.4"}), 7) == "2.0007"
    assert version_text(dialect.model_copy(update={"version_counter": ""}), 7) == ""


@pytest.mark.parametrize("model", [m.id for m in CATALOGUE.models.values() if m.dialects])
def test_a_first_contact_gives_the_token_url_and_no_more(model: str) -> None:
    preset = next(p for m, p in fitting() if m == model)
    kit = kit_of(model, preset, settings=MANY)
    files = render_first_contact(FOLDER, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    if not files:  # it can follow no URL: its own file comes by TFTP or not at all
        assert "tftp-only" in kit.model.features
        return
    text = b"".join(f.body for f in files).decode("utf-8")
    assert TOKEN in text
    for secret in [*HIDDEN[1:], *IN_MANY, "Secret-of", "2214", "pbx.aurora.example"]:
        assert secret not in text
    assert {f.role for f in files} <= {Role.BOOT, Role.DEVICE, Role.COMMON, Role.GENERAL}


def test_names_of_files() -> None:
    kit = kit_of("snom/d785", "office")
    pattern = "{type}-{MAC}-{mac}-{code}.htm"
    assert file_name(pattern, kit.model, kit.phone.mac) == (
        "snomD785-0C383E000214-0c383e000214-785.htm"
    )


def test_aliases_are_other_names_of_the_same_file() -> None:
    files = {f.name: f.aliases for f in render(FOLDER, kit_of("snom/d785", "office"))}
    assert files["snomD785.htm"] == ("snom785.htm",)


@pytest.mark.parametrize("model", versioned())
@pytest.mark.parametrize("version", [1, 77, 9999])
def test_a_counter_is_written_where_the_template_writes_it(model: str, version: int) -> None:
    preset = next(p for m, p in fitting() if m == model)
    hotel = {"hotel": {"name": "2.0000000000"}, "screen": {"title": "2.0000"}}
    kit = kit_of(model, preset, settings=hotel)
    for entry, file in zip(
        [e for e in kit.dialect.files if "{code}" not in e.name or kit.model.code],
        render(FOLDER, kit, version_for=lambda *_: version),
        strict=False,
    ):
        assert file.body == render_module._body(FOLDER, kit, entry, version, masked=False)


def test_what_cannot_be_written_names_model_and_template() -> None:
    kit = kit_of("yealink/t46u", "office")
    line = replace(kit.lines[0], secret=SecretStr("a\nb"), label="%NULL%")
    with pytest.raises(RenderError) as caught:
        render(FOLDER, replace(kit, lines=(line,)))
    assert caught.value.model == "yealink/t46u"
    assert caught.value.template.startswith("yealink/")
    assert "a\nb" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing.there }}",
        "{% if %}",
        "{{ 1 // none }}",
        "{% include 'yealink/none.j2' %}",
        "{{ lines[99].user }}",
    ],
)
def test_a_template_that_fails_names_model_and_template(tmp_path: Path, text: str) -> None:
    phones = tmp_path / "phones" / "yealink"
    phones.mkdir(parents=True)
    (phones / "boot.j2").write_text(text, encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        render(tmp_path, kit_of("yealink/t46u", "office"))
    assert (caught.value.model, caught.value.template) == ("yealink/t46u", "yealink/boot.j2")


def test_an_empty_file_is_not_sent(tmp_path: Path) -> None:
    phones = tmp_path / "phones" / "yealink"
    phones.mkdir(parents=True)
    (phones / "boot.j2").write_text("\n  \n", encoding="utf-8")
    (phones / "v81.j2").write_text("x = {{ version }}{{ mac }}\n", encoding="utf-8")
    files = render(tmp_path, kit_of("yealink/t46u", "office"))
    assert [f.name for f in files] == ["0c383e000214.cfg"]
    assert files[0].body == b"x = 0c383e000214\n"


def test_raw_parameters_that_sound_secret_are_masked_in_previews() -> None:
    from provisioner.catalogue.loader import load
    from tests.kits import make_kit

    settings = {"raw": {"v81": {"network.vpn.password": "hush-hush", "phone_setting.x": "plain"}}}
    kit = make_kit("yealink/t31p", "guest-room", settings=settings)
    shown = b"".join(f.body for f in render(load().folder, kit, masked=True))
    told = b"".join(f.body for f in render(load().folder, kit))
    assert b"hush-hush" in told
    assert b"hush-hush" not in shown
    assert b"phone_setting.x = plain" in shown
