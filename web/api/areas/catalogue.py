"""What bellwire knows: vendors, models, presets, room templates."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from provisioner.catalogue.models import Kind
from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.inventory import store
from provisioner.inventory.phones import require_site
from web.accounts.people import Scope
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Words
from web.api.problems import not_found
from web.api.shapes.values import Answer
from web.commands.catalogue import model_row

TAG = "catalogue"
Json = dict[str, Any]


class ModelEntry(Answer):
    """A model at a glance."""

    id: str
    vendor: str
    vendor_name: str
    name: str
    kind: Kind
    accounts: int
    keys: int
    dialects: list[str]
    support: str
    confidence: str


class Models(Answer):
    """All models."""

    models: list[ModelEntry]


class ModelsAsked(Asked):
    """Which models are wanted."""

    vendor: Words | None = Field(default=None, description="only of this vendor")
    kind: Kind | None = Field(default=None, description="only of this kind")


class ModelFacts(ModelEntry):
    """All that is known of a model."""

    facts: dict[str, Any] = Field(description="its data file, with what it inherits")


class PresetEntry(Answer):
    """A use of a phone."""

    id: str
    name: dict[str, str] = Field(description="by language")
    description: dict[str, str]
    kinds: list[Kind]
    needs: list[str] = Field(description="features that a model must have")
    guests: bool
    settings: dict[str, Any]
    keys: list[dict[str, Any]]


class Presets(Answer):
    """All presets."""

    presets: list[PresetEntry]


class PositionEntry(Answer):
    """A place for a phone."""

    id: str
    name: dict[str, str]
    preset: str
    models: list[str] = Field(description="that suit, best first")
    accessories: list[str]


class TemplateEntry(Answer):
    """What a room of this kind has."""

    id: str
    name: dict[str, str]
    description: dict[str, str]
    guests: bool
    positions: list[PositionEntry]
    own: bool = Field(description="it is the site's own, or its version of a shipped one")


class Templates(Answer):
    """All room templates."""

    templates: list[TemplateEntry]


def models(call: Call) -> Reply:
    """List the models."""
    catalogue, asked = call.installation.catalogue, call.query
    rows = [
        model_row(catalogue, m)
        for m in catalogue.models.values()
        if asked.vendor in {None, m.vendor} and asked.kind in {None, m.kind}
    ]
    return Reply({"models": rows})


def model(call: Call) -> Reply:
    """Say all that is known of a model."""
    catalogue = call.installation.catalogue
    found = catalogue.models.get(f"{call.path['vendor']}/{call.path['model']}")
    if found is None:
        raise not_found(f"there is no model {call.path['vendor']}/{call.path['model']}")
    return Reply({**model_row(catalogue, found), "facts": found.model_dump(mode="json")})


def presets(call: Call) -> Reply:
    """List the presets that are shipped."""
    return Reply({"presets": [_preset(p) for p in call.installation.catalogue.presets.values()]})


def preset(call: Call) -> Reply:
    """Show one preset."""
    found = call.installation.catalogue.presets.get(call.path["preset"])
    if found is None:
        raise not_found(f"there is no preset {call.path['preset']!r}")
    return Reply(_preset(found))


def _preset(found: Preset) -> Json:
    shown = found.model_dump(mode="json")
    return {**shown, "kinds": sorted(shown["kinds"]), "needs": sorted(shown["needs"])}


def templates(call: Call) -> Reply:
    """List the room templates that are shipped."""
    rooms = call.installation.catalogue.rooms.values()
    return Reply({"templates": [_template(room, own=False) for room in rooms]})


def templates_of_site(call: Call) -> Reply:
    """List the room templates that a site can use; its own come in place of shipped ones."""
    here = call.installation
    with here.database.read() as session:
        own = store.site_of(require_site(session, call.site), here.box).room_templates
    both = {**here.catalogue.rooms, **own}
    return Reply({"templates": [_template(t, own=name in own) for name, t in both.items()]})


def _template(found: RoomTemplate, *, own: bool) -> Json:
    return {**found.model_dump(mode="json", exclude={"settings"}), "own": own}


_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
OPERATIONS = (
    Operation(
        id="list_models", path="/models", handler=models, query=ModelsAsked,
        summary="The models bellwire knows", answers={200: Models}, **_READ,
    ),
    Operation(
        id="get_model", path="/models/{vendor}/{model}", handler=model,
        summary="All that is known of a model", answers={200: ModelFacts}, **_READ,
    ),
    Operation(
        id="list_presets", path="/presets", handler=presets, summary="The shipped presets",
        answers={200: Presets}, **_READ,
    ),
    Operation(
        id="get_preset", path="/presets/{preset}", handler=preset, summary="A preset",
        answers={200: PresetEntry}, **_READ,
    ),
    Operation(
        id="list_templates", path="/room-templates", handler=templates,
        summary="The shipped room templates", answers={200: Templates}, **_READ,
    ),
    Operation(
        id="list_site_templates", path="/sites/{site}/room-templates", handler=templates_of_site,
        summary="The room templates that a site can use", answers={200: Templates}, **_READ,
    ),
)  # fmt: skip
