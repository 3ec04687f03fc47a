"""A site with the room templates, presets and models there are to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Position, Preset, RoomTemplate
from provisioner.catalogue.suitability import why_unfit
from provisioner.inventory.records import Site
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import SiteRow
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class Ground:
    """What every page for installers builds on.

    Attributes:
        templates, presets: the shipped ones and the site's own, by id.
        makers: vendor ids by the first six digits of a MAC.
    """

    site: Site
    catalogue: Catalogue
    templates: Mapping[str, RoomTemplate]
    presets: Mapping[str, Preset]
    makers: Mapping[str, str]

    def suits(self, model: Model, position: Position) -> bool:
        """Whether a model can be at a position of a template."""
        preset = self.presets.get(position.preset)
        return bool(model.dialects) and preset is not None and not why_unfit(model, preset)

    def vendor_name(self, vendor: str) -> str:
        """Return a maker's name; of one nobody knows, what it calls itself."""
        known = self.catalogue.vendors.get(vendor)
        return known.name if known else vendor

    def model_name(self, model: str) -> str:
        """Return a model with its maker, as people say it."""
        known = self.catalogue.models.get(model)
        if known is None:
            return model
        maker = self.vendor_name(known.vendor)
        return known.name if known.name.startswith(maker) else f"{maker} {known.name}"


def read_ground(session: Session, installation: Installation, site: str) -> Ground | None:
    """Return a site with what there is to choose from; None: there is no such site."""
    row = session.get(SiteRow, site)
    if row is None:
        return None
    record, catalogue = site_of(row, installation.box), installation.catalogue
    return Ground(
        record,
        catalogue,
        {**catalogue.rooms, **record.room_templates},
        {**catalogue.presets, **record.presets},
        {oui: vendor.id for vendor in catalogue.vendors.values() for oui in vendor.ouis},
    )


def worded(texts: Mapping[str, str], language: str, otherwise: str = "") -> str:
    """Return a text of the vendor data in a language, or in English."""
    return texts.get(language) or texts.get("en") or otherwise
