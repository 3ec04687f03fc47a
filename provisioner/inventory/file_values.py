"""What all parts of a site file are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from provisioner.inventory.site_yaml import WrittenInt
from provisioner.setting_values import SecretLine, one_line


def as_written(value: object) -> object:
    """Return a number that may have begun with a zero as it stands in the file."""
    return value.written if isinstance(value, WrittenInt) else value


class Part(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Text = Annotated[str, BeforeValidator(as_written), Field(max_length=200), AfterValidator(one_line)]
Secret = Annotated[SecretLine, BeforeValidator(as_written)]
