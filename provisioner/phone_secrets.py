"""The secrets that belong to one phone."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

TOKEN_LENGTH = 26
"""Characters of a provisioning token: base32 of 128 bits."""

TOKEN_PATTERN = f"[a-z2-7]{{{TOKEN_LENGTH}}}"
"""A token as it stands in a path; case does not matter."""


@dataclass(frozen=True, slots=True)
class PhoneSecrets:
    """Made once per phone and kept: never a factory default."""

    token: SecretStr
    admin_password: SecretStr
    user_password: SecretStr
    menu_pin: SecretStr
    dect_pin: SecretStr
