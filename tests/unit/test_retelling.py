"""Sentences of the core in Spanish and Russian: all of them, none that is gone, each in its form."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest

from web.pages.phone.words import action_text
from web.pages.words import ACTIONS
from web.retelling.retelling import HOLE, LANGUAGES, forms, retold

TOP = Path(__file__).resolve().parents[2]
SOURCES = (
    "monitors/remedies/guards.py", "monitors/remedies/port_guards.py", "monitors/remedies/ways.py",
    "monitors/remedies/gathering.py", "monitors/remedies/treating.py",
    "monitors/remedies/performing.py", "monitors/remedies/completing.py",
    "monitors/remedies/busy.py", "monitors/remedies/live.py", "monitors/remedies/verifying.py",
    "provisioner/remarks.py", "provisioner/keys.py", "provisioner/resolve.py",
    "provisioner/clock.py", "provisioner/catalogue/suitability.py",
    "provisioner/catalogue/features.py", "provisioner/safe_texts.py",
    "provisioner/phone_checks.py", "provisioner/plan.py",
    *(f"provisioner/pbx/{name}.py" for name in ("hardening", "dial_plan", "lifts", "call_plan")),
    *(f"provisioner/edits/{name}.py" for name in (
        "checking", "desk", "heads", "history", "matching", "preparing", "rollout", "rooms",
        "sources", "stage_desk", "staging", "unused", "whole",
    )),
    *(f"provisioner/numbering/{name}.py" for name in ("destinations", "lists", "masks", "number")),
    *(f"provisioner/inventory/{name}.py" for name in (
        "calls_incoming_shape", "calls_pbx_shape", "calls_plan", "calls_shape", "calls_words",
        "file_values", "monitoring_shape", "own_templates", "pbx_hardening_shape", "pbx_shape",
        "site_accessories", "site_calls", "site_file", "site_records", "site_settings", "site_shape",
        "site_switches", "site_yaml", "switch_access_shape",
    )),
    "monitors/calls/rate_csv.py", "monitors/calls/donotcall.py", "web/call_rules/importing.py",
)  # fmt: skip
"""What says most of what a user reads: what is refused of what somebody wrote, and why."""
PIECES = {
    "knows only {}", "takes the first {} only", ": it lacks {} ({})", " and {} more",
    "{} rooms, from {} on, have", "{} no key here: {}", "{} = {} ({}): {} cannot be told this{}",
    " (and {} more like it)", "{} is still used by {}{}", "{} was changed again{}; undo that first",
    " by {} on {}", "is also {} of room {}", "a phone has", "{} phones have",
    "{} not come back within {} minutes", "belongs to another site; it must be retired there first",
    "is {} of room {} already; take it out there, or move it by changing both rooms together",
    "prefix {}{} is there twice", "the list {} {}", "has no entries", "two {} are called {}",
    "; and {} more", "{}; and {} more", "Value error, ",
    "{}it has not {} in {} min", "{}: until {} its clock does not keep to a yearly rule; a phone keeps to {}",
}  # fmt: skip
"""Pieces of sentences: the whole stands in the table as ``of = "parts"``."""
UNREAD = {
    "power could not be given back, it is tried again: %s", "a change of nothing",
    "power of %s was given back after bellwire had stopped in between",
    "power of %s could not be given back: %s", "staged change %d is through: change %d (%s)",
    "staged change %d of %s stopped: %s", "staged change %d cannot be finished: %s",
    "time zone {} has a rule that is not understood: {}",
    "{}: staged change {}", "{}; in stages: {}; {} phones first", "{} phones get their old files",
    "the next stage", "{}; {} phones next", "coverage unavailable", "{} rates from {}",
}  # fmt: skip
"""Said to the log, to the audit log, or to nobody but programmers."""


def sentences(file: Path) -> set[str]:
    """Every text of a module with a blank and two words, ``{}`` for what is filled in."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "description":
            left_out.add(node.value)  # of a field, for its schema
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(node.value)
        if isinstance(node, ast.JoinedStr):
            left_out.update(node.values)
    found = {_text(node) for node in ast.walk(tree) if node not in left_out}
    return {text for text in found if " " in text and len(re.findall(r"[A-Za-z]{2,}", text)) > 1}


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
        )
    return ""


def table() -> list[dict[str, Any]]:
    text = (TOP / "web/retelling/sentences.toml").read_text(encoding="utf-8")
    said: list[dict[str, Any]] = tomllib.loads(text)["said"]
    return said


def core() -> set[str]:
    return set().union(*(sentences(TOP / name) for name in SOURCES))


def test_every_sentence_of_the_core_has_words() -> None:
    known = {form.english for form in forms()}
    assert core() - known - PIECES - UNREAD == set()


def test_no_sentence_is_one_that_nobody_says() -> None:
    whole = {each["en"] for each in table() if "of" not in each}
    few = {"{} keys", "{} key", "port {}", "preset {}", "position {}", "room {}", "account {}",
           "line {}: {}", "{} lacks {} ({})", "key {}: {}",
           "the voicemail PIN of {} must be {} digits or more",
           "{} port {} does not answer SNMP", "AMI port {} cannot be reached: {}",
           "{} speaks SNMP and does not accept our community or user, or not from here",
           "AMI does not answer in {} s", "what answers is not an Asterisk manager"}  # fmt: skip
    assert whole - core() - few == set()
    assert (PIECES | UNREAD) - core() == set()


def test_each_is_there_once_and_whole_in_each_language() -> None:
    english = [each["en"] for each in table()]
    assert len(english) == len(set(english))
    for each in table():
        assert set(each) <= {"en", "of", *LANGUAGES}
        holes = {str(n) for n in range(each["en"].count(HOLE))}
        for language in LANGUAGES:
            fields = {name for _, name, _, _ in string.Formatter().parse(each[language]) if name}
            assert fields == holes, each
        assert re.search("[\u0400-\u04ff]", each["ru"]) or not re.search("[a-z]{2}", each["en"])


@pytest.mark.parametrize(
    ("english", "spanish", "russian"),
    [
        (
            "3 phones have not come back within 15 minutes: 0c:38:3e:00:02:14 and 2 more",
            "3 teléfonos no han vuelto en 15 minutos: 0c:38:3e:00:02:14 y 2 más",
            "за 15 мин не вернулись телефоны (3): 0c:38:3e:00:02:14 и ещё 2",
        ),
        (
            "room 1 was changed again by bo on 2026-11-22; undo that first; account 2 is there already",
            "habitación 1: bo lo cambió de nuevo el 2026-11-22; deshaga eso primero; cuenta 2: ya existe",
            (
                "комната 1: bo уже изменил это снова 2026-11-22; сначала отмените то изменение; "
                "учётная запись 2: это уже есть"
            ),
        ),
        (
            "line 3: sip.expires_s: Input should be a valid integer",
            "línea 3: sip.expires_s: debe ser un número entero",
            "строка 3: sip.expires_s: нужно целое число",
        ),
        (
            "key 'Spa': all 10 keys of H5 that can be a blf key are taken",
            "tecla 'Spa': las 10 teclas de H5 que pueden ser una tecla blf están ocupadas",
            "клавиша 'Spa': все клавиши H5, которые могут быть клавишей blf, заняты (их 10)",
        ),
        (
            "line 2: '9' is no number in US; write it with + and its country's code; and 5 more",
            "línea 2: '9' no es un número de US; escríbalo con + y el código de su país; y 5 más",
            "строка 2: '9' — не номер страны US; напишите его с + и кодом его страны; и ещё 5",  # noqa: RUF001
        ),
        (
            "line 4: per_minute 'much' is no amount such as 0.25; line 5: prefix 34 is there twice",
            "línea 4: per_minute 'much' no es un importe como 0.25; línea 5: el prefijo 34 está dos veces",
            "строка 4: per_minute 'much' — не сумма вида 0.25; строка 5: префикс 34 указан дважды",
        ),
        (
            "calls: group w: a group holds numbers, not groups: no group 'b'; known: there are none",
            "calls: grupo w: un grupo contiene números, no grupos: no hay ningún grupo 'b'; conocidos: no hay ninguno",
            "calls: группа w: в группе номера, а не группы: группы 'b' нет; известны: их нет",  # noqa: RUF001
        ),
    ],
)
def test_sentences_inside_of_sentences(english: str, spanish: str, russian: str) -> None:
    assert retold(english, "es") == spanish
    assert retold(english, "ru") == russian
    assert retold(english, "en") == english


@pytest.mark.parametrize(
    "text", ["", "a note; of somebody", "Suite: the one with the view", "x" * 5000, "; " * 400]
)
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    for language in (*LANGUAGES, "en", "de"):
        assert retold(text, language) == text


def test_every_action_of_the_audit_log_has_words() -> None:
    found = set()
    for folder in ("web", "provisioner", "monitors"):
        for file in (TOP / folder).rglob("*.py"):
            found |= _actions(ast.parse(file.read_text(encoding="utf-8")))
    found |= {"site-add", "site-edit", "phone-replace", "account-edit", "phone-retire",
              "room-remove", "room-edit", "undo"}  # fmt: skip
    assert {"mend", "arm", "account-reveal", "url-reveal", "stage-back"} <= found
    others = {"bellwire", "mac", "dnc-drop", "dnc-import", "consent", "rates", "withdrawn"}
    assert found - ACTIONS.keys() - others == set()
    assert action_text("mend") == "Remedy asked for"


def _actions(tree: ast.AST) -> set[str]:
    """Words that are given to what writes the audit log."""
    found = set()
    for call in ast.walk(tree):
        name = ""
        if isinstance(call, ast.Call):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in {"note", "_note", "audit_note", "_audit"}:
            for node in ast.walk(call):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return {text for text in found if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}
