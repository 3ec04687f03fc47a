"""Can a model carry a preset, and if not, what is missing: sentences for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from provisioner.catalogue.features import FEATURES, lacking
from provisioner.catalogue.models import KeyGroup, Model
from provisioner.catalogue.presets import Preset, PresetKey
from provisioner.key_types import KeyType
from provisioner.settings import PhoneSettings

_DEFAULTS = PhoneSettings()


def missing_for(model: Model, preset: Preset) -> tuple[str, ...]:
    """Return everything that a model lacks for a preset, most important first; empty: nothing.

    Keys that are optional are not counted, nor those of expansion modules. A key that stands for
    each room needs one place at least.
    """
    found = (
        *why_unfit(model, preset),
        *_missing_keys(model, preset),
        *_missing_features(model, preset),
    )
    return tuple(dict.fromkeys(found))


def why_unfit(model: Model, preset: Preset) -> tuple[str, ...]:
    """Return why a model cannot have a preset at all: its kind, or a feature that is needed."""
    wrong_kind = model.kind not in preset.kinds
    kinds = ", ".join(sorted(preset.kinds))
    return (
        *([f"{model.name} is of kind {model.kind}, this is for {kinds}"] if wrong_kind else []),
        *(_lack(model, feature) for feature in sorted(preset.needs - model.features)),
    )


def carries(model: Model, preset: Preset) -> bool:
    """Whether a model fits a preset and has a place for every key that is not optional."""
    return not why_unfit(model, preset) and not any(_missing_keys(model, preset))


def _lack(model: Model, feature: str) -> str:
    return f"{model.name} lacks {feature!r} ({FEATURES.get(feature, feature)})"


def _missing_keys(model: Model, preset: Preset) -> Iterator[str]:
    """What has no place when the keys are laid out as ``keys.lay_out`` does it."""
    required = [key for key in preset.keys if not key.optional and key.type is not KeyType.NONE]
    slots = {f"{g.id}-{n}" for g in model.keys for n in range(1, g.count + 1)}
    for key in required:
        if key.slot and key.slot not in slots:
            yield f"{model.name} has no key {key.slot!r}"
    free = Counter({group.id: group.count - len(group.reserved) for group in model.keys})
    left: Counter[KeyType] = Counter()
    for key in sorted((k for k in required if not k.slot), key=lambda k: bool(k.each)):
        group = next((g for g in _groups(model, key.type) if free[g.id]), None)
        if group is None:
            left[key.type] += 1
        else:
            free[group.id] -= 1
    homeless = [kind for kind in left if not _groups(model, kind)]
    if homeless:
        yield f"{model.name} has no key that can be {_one_of(homeless)}"
    yield from dict.fromkeys(_too_few(model, k, required) for k in left if k not in homeless)


def _groups(model: Model, kind: KeyType) -> list[KeyGroup]:
    return [group for group in model.keys if group.fill and kind in group.accepts]


def _too_few(model: Model, kind: KeyType, required: list[PresetKey]) -> str:
    """Count the keys that could only go where this kind can, and what there is for them."""
    here = {group.id for group in _groups(model, kind)}
    has = sum(group.count - len(group.reserved) for group in _groups(model, kind))
    places = [(key.type, {group.id for group in _groups(model, key.type)}) for key in required]
    rivals = [rival for rival, groups in places if groups and groups <= here]
    keys = f"{has} key" if has == 1 else f"{has} keys"
    if len(rivals) <= has:
        return f"{model.name} has {keys} that can be {_one_of([kind])}, and others take them"
    types = _one_of(list(dict.fromkeys(rivals)))
    return f"{model.name} has {keys} that can be {types}, {len(rivals)} are needed"


def _one_of(kinds: Sequence[KeyType]) -> str:
    article = "an" if kinds[0][0] in "aeiou" else "a"
    *first, last = kinds
    return f"{article} {', '.join(first)}{' or ' if first else ''}{last} key"


def _missing_features(model: Model, preset: Preset) -> Iterator[str]:
    """Features that settings of the preset ask for, each named once."""
    wanted = dict.fromkeys(
        lacking(name, model.features) for name in _changed(preset.settings, _DEFAULTS, "")
    )
    yield from (_lack(model, feature) for feature in wanted if feature)


def _changed(part: Mapping[str, JsonValue], defaults: object, path: str) -> Iterator[str]:
    """Dotted names of settings that are not at the product's default."""
    for name, value in part.items():
        default = getattr(defaults, name, None)
        if isinstance(value, Mapping):
            yield from _changed(value, default, f"{path}{name}.")
        elif value != (list(default) if isinstance(default, tuple) else default):
            yield f"{path}{name}"
