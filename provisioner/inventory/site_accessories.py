"""What hangs on a phone: expansion modules and satellites, checked against its model."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.errors import UnknownThingError
from provisioner.inventory.records import Accessory
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_shape import FilePhone
from provisioner.inventory.site_yaml import Path_


def accessories_of(
    source: SiteFile, catalogue: Catalogue, model: Model, phone: FilePhone, path: Path_
) -> Iterator[Accessory]:
    """Yield the accessories of a phone.

    Raises:
        SiteFileError: one is not known, does not fit the model, or there are too many.
    """
    fits = [fit for fit in (model.expansion, model.accessories) if fit]
    given = dict.fromkeys(range(len(fits)), 0)
    for number, accessory in enumerate(phone.accessories):
        here = (*path, "accessories", number)
        try:
            found = catalogue.model(accessory.model)
        except UnknownThingError as problem:
            raise source.error((*here, "model"), str(problem)) from problem
        place = next((n for n, fit in enumerate(fits) if found.id in fit.models), None)
        if place is None:
            raise source.error(here, f"{model.name} takes no {found.name}")
        given[place] += accessory.count
        if given[place] > fits[place].max:
            raise source.error(
                here, f"{model.name} takes {fits[place].max} of {found.name}, all together"
            )
        yield Accessory(found.id, accessory.count)
