"""One sentence about a model: can it be configured, and if not, what is missing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provisioner.catalogue.models import WITHOUT_FILES, Model, Support

if TYPE_CHECKING:
    from provisioner.catalogue.loader import Catalogue


def why_not(model: Model) -> str:
    """Return why bellwire writes no files for a model; empty when it does."""
    if model.dialects:
        return ""
    if model.kind in WITHOUT_FILES:
        return f"{model.name} has no files of its own: it is configured through its phone or base"
    return f"{model.name} is known but not supported yet; missing: {'; '.join(model.missing)}"


def about_waiting(catalogue: Catalogue, vendor_id: str, product: str) -> str:
    """Return what to do about a waiting phone.

    Args:
        catalogue: the vendor knowledge.
        vendor_id: its vendor as noted when it asked: an id, or the phone's own word.
        product: model id, or the product name as the phone wrote it; empty: it said none.
    """
    vendor = catalogue.vendors.get(vendor_id)
    model = catalogue.models.get(product)
    if model is not None:
        return why_not(model) or _ready(model)
    if vendor is None:
        makers = ", ".join(v.name for v in catalogue.vendors.values())
        return f"{vendor_id or 'its maker'} is not supported; bellwire configures {makers}"
    if not product:
        return f"it did not say which {vendor.name} it is; adopt it with --model"
    near = _alike(catalogue, vendor_id, product)
    hint = f"; if it is like {near}, adopt it with --model {near}" if near else ""
    return f"bellwire does not know the {vendor.name} {product!r}{hint}"


def _ready(model: Model) -> str:
    how = " (experimental)" if model.support is Support.EXPERIMENTAL else ""
    return f"{model.name} is supported{how}; adopt it"


def _alike(catalogue: Catalogue, vendor_id: str, product: str) -> str:
    """The supported model whose id shares the longest beginning, at least two signs, with it."""
    wanted = product.lower().replace("_", "-").replace(" ", "-")
    best, length = "", 1
    for model in catalogue.models.values():
        if model.vendor != vendor_id or not model.dialects:
            continue
        shared = _shared(model.id.split("/")[1], wanted)
        if shared > length:
            best, length = model.id, shared
    return best


def _shared(one: str, other: str) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length
