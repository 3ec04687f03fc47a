"""The secrets that belong to one phone."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class PhoneSecrets:
    """Made once per phone and kept: never a factory default."""

    token: SecretStr
    admin_password: SecretStr
    user_password: SecretStr
    menu_pin: SecretStr
    dect_pin: SecretStr
