"""Why a change to users is refused: a word that pages translate, and an English sentence."""

from __future__ import annotations

from provisioner.errors import InventoryError

SENTENCES = {
    "name-form": "a user's name has 2 to 64 letters, digits and . _ - @, and begins with a letter "
    "or digit",
    "name-taken": "there is a user of this name already",
    "last-admin": "this is the last administrator who can sign in; make another one first",
    "has-admin": "there is an administrator already; bellwire users password gives a new password",
    "unknown-user": "there is no user of this name; bellwire users list names them",
    "unknown-site": "there is no such site",
    "unknown-token": "there is no such token",
    "scopes": "say what the token is for: at least one scope",
    "scopes-role": "the user's role cannot use this scope",
    "wrong-password": "the present password is not right",
    "password-short": "a password has at least 10 characters; a short sentence is good",
    "password-long": "a password has at most 200 characters",
    "password-name": "the password is hardly more than the name",
    "password-simple": "this password is among the first that are tried",
}


class AccountError(InventoryError):
    """A change to users is refused; nothing was stored.

    Attributes:
        reason: a key of ``SENTENCES``.
    """

    def __init__(self, reason: str, about: str = "") -> None:
        self.reason = reason
        self.about = about
        super().__init__(f"{about}: {SENTENCES[reason]}" if about else SENTENCES[reason])
