"""Forms: what a browser sends, checked by a pydantic model, with each error beside its field.

A model is the form: its fields' names are those of the inputs. Errors come in the language of
the page; a validator of a model says what is wrong with ``wrong(N_("..."))``.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from web.pages.language import N_, gettext

TEXTS = {
    "missing": N_("This is needed."),
    "string_too_short": N_("At least %(min_length)s characters are needed."),
    "string_too_long": N_("At most %(max_length)s characters are possible."),
    "string_pattern_mismatch": N_("This has not the form that is needed."),
    "int_parsing": N_("This must be a whole number."),
    "float_parsing": N_("This must be a number."),
    "greater_than_equal": N_("At least %(ge)s is needed."),
    "less_than_equal": N_("At most %(le)s is possible."),
    "literal_error": N_("Choose one of these."),
    "enum": N_("Choose one of these."),
    "too_short": N_("Choose at least one."),
}
OTHER = N_("This cannot be right.")
OURS = "bellwire"


class FormModel(BaseModel):
    """What a form may hold; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Model = TypeVar("Model", bound=FormModel)


def wrong(text: str) -> PydanticCustomError:
    """Return what a validator raises; ``text`` was marked with ``N_`` and is translated later."""
    return PydanticCustomError(OURS, "{text}", {"text": text})


@dataclass(slots=True)
class Form(Generic[Model]):
    """A form as it stands: what was typed, what is wrong with it, and what it says when right.

    Attributes:
        values: what fields show; of secrets nothing.
        errors: a sentence for each field that is wrong; of the whole form under the empty name.
        data: the model; None: it is empty or wrong.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    data: Model | None = None

    def value(self, name: str) -> Any:  # noqa: ANN401 - a text, a list of texts or a truth
        """Return what a field shows."""
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """Return what is wrong with a field, or an empty text."""
        return self.errors.get(name, "")

    def refuse(self, name: str, sentence: str) -> None:
        """Say that a field is wrong after all."""
        self.errors.setdefault(name, sentence)


def blank(model: type[Model], **values: object) -> Form[Model]:
    """Return a form that nobody has filled in yet, with these values in it."""
    shown = {
        name: each.get_default(call_default_factory=True)
        for name, each in model.model_fields.items()
        if not each.is_required()
    }
    return Form({**shown, **values})


def filled(model: type[Model], sent: MultiDict[str, str]) -> Form[Model]:
    """Return a form as a browser sent it, checked."""
    raw = {name: _raw(each, name, sent) for name, each in model.model_fields.items()}
    given = {name: value for name, value in raw.items() if value is not None}
    form: Form[Model] = Form({n: v for n, v in given.items() if not isinstance(v, SecretStr)})
    try:
        form.data = model.model_validate(given)
    except ValidationError as problem:
        for error in problem.errors():
            name = str(error["loc"][0]) if error["loc"] else ""
            form.errors.setdefault(name, _sentence(error["type"], error.get("ctx", {})))
    return form


def _raw(each: FieldInfo, name: str, sent: MultiDict[str, str]) -> object:
    """What a browser sent for a field, or None: nothing, so that the model's default counts."""
    kind = each.annotation
    if kind is bool:
        return name in sent
    if typing.get_origin(kind) in (list, tuple, set, frozenset):
        return [value.strip() for value in sent.getlist(name) if value.strip()]
    if kind is SecretStr:
        return SecretStr(sent[name]) if sent.get(name) else None
    text = sent.get(name, "").strip()
    was_emptied = kind is str and name in sent and not each.is_required()
    return text if text or was_emptied else None


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    if kind == OURS:
        return gettext(str(context["text"]))
    return gettext(TEXTS.get(kind, OTHER)) % dict(context)
