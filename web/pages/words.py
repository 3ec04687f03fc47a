"""Words that are shown for codes: states of phones, roles, scopes, entries of the audit log."""

from __future__ import annotations

from monitors.status import State
from web.accounts.people import Role, Scope
from web.pages.language import N_, gettext

SHAPES = {
    State.WORKING: "working",
    State.WARNING: "warning",
    State.FAILING: "failing",
    State.DOWN: "down",
    State.RECOVERING: "recovering",
    State.UNKNOWN: "unknown",
    State.NOT_INSTALLED: "not-installed",
}
"""Each state's own shape, an icon of that name: nobody needs to tell colours apart."""
STATES = {
    State.WORKING: N_("Working"),
    State.WARNING: N_("Warning"),
    State.FAILING: N_("Failing"),
    State.DOWN: N_("Down"),
    State.RECOVERING: N_("Recovering"),
    State.UNKNOWN: N_("Not known"),
    State.NOT_INSTALLED: N_("Not installed"),
}
ORDER = (
    State.DOWN,
    State.FAILING,
    State.RECOVERING,
    State.WARNING,
    State.WORKING,
    State.NOT_INSTALLED,
    State.UNKNOWN,
)
"""What wants to be seen first."""
ROLES = {
    Role.ADMIN: (N_("Administrator"), N_("Everything, on all sites, and users.")),
    Role.INSTALLER: (N_("Installer"), N_("Rooms and phones of the assigned sites.")),
    Role.VIEWER: (N_("Viewer"), N_("Looks at the assigned sites and changes nothing.")),
}
SCOPES = {
    Scope.READ: N_("Read"),
    Scope.CHANGE: N_("Change"),
    Scope.SECRETS: N_("Reveal secrets"),
    Scope.USERS: N_("Users and audit log"),
}
ACTIONS = {
    "account-edit": N_("Account changed"),
    "account-reveal": N_("Password of an account shown"),
    "acknowledge": N_("Somebody sees to an incident"),
    "adopt": N_("Taken into a room"),
    "apply": N_("Site file applied"),
    "arm": N_("First contact allowed"),
    "calls-block": N_("Outgoing calls blocked"),
    "calls-consent": N_("Consent to commercial calls"),
    "calls-dnc-drop": N_("Do-not-call list deleted"),
    "calls-dnc-import": N_("Do-not-call list read"),
    "calls-rates": N_("Rates of calls read"),
    "calls-toll-free": N_("Level of a toll-free caller"),
    "calls-unblock": N_("Outgoing calls unblocked"),
    "file-reveal": N_("File shown with its secrets"),
    "firewall-release": N_("Address let in again"),
    "firmware-add": N_("Firmware added"),
    "firmware-assign": N_("Firmware roll-out begun"),
    "firmware-guard": N_("Firmware roll-out guarded"),
    "firmware-pause": N_("Firmware roll-out paused"),
    "firmware-remove": N_("Firmware removed"),
    "firmware-resume": N_("Firmware roll-out resumed"),
    "firmware-withdraw": N_("Firmware roll-out withdrawn"),
    "maintenance-end": N_("Maintenance ended"),
    "maintenance-start": N_("Maintenance begun"),
    "mend": N_("Remedy asked for"),
    "pbx-file": N_("Files for the PBX fetched with their secrets"),
    "phone-replace": N_("Phone replaced"),
    "rotate": N_("New secrets made"),
    "rotate-done": N_("New secrets: all phones have them"),
    "rotate-part": N_("New secrets: some phones have not followed"),
    "phone-retire": N_("Phone retired"),
    "room-edit": N_("Room changed"),
    "room-remove": N_("Room removed"),
    "setup": N_("Server set up"),
    "sign-in": N_("Signed in"),
    "site-add": N_("Site added"),
    "site-edit": N_("Settings of a site changed"),
    "softphone-fetch": N_("Soft phone fetched its account"),
    "softphone-link": N_("Soft phone link made"),
    "softphone-revoke": N_("Soft phone link revoked"),
    "stage-back": N_("Roll-out taken back"),
    "stage-begin": N_("Roll-out in stages begun"),
    "stage-next": N_("Next stage of a roll-out"),
    "stage-pause": N_("Roll-out paused"),
    "stage-resume": N_("Roll-out taken up again"),
    "stage-stop": N_("Roll-out stopped by itself"),
    "token-add": N_("API token made"),
    "token-revoke": N_("API token revoked"),
    "undo": N_("Change undone"),
    "url-reveal": N_("Provisioning address shown"),
    "user-add": N_("User added"),
    "user-disable": N_("User disabled"),
    "user-enable": N_("User enabled"),
    "user-link": N_("Link for a password made"),
    "user-logout": N_("Signed out everywhere"),
    "user-password": N_("Password chosen"),
    "user-remove": N_("User removed"),
    "user-role": N_("Role changed"),
    "user-sites": N_("Sites changed"),
}
"""What the audit log says for its codes; one that is not here is shown as it is."""
REFUSALS = {
    "name-form": N_(
        "A name has 2 to 64 letters, digits and . _ - @, and begins with a letter or digit."
    ),
    "name-taken": N_("There is a user of this name already."),
    "last-admin": N_(
        "This is the last administrator who can sign in. Make somebody else one first."
    ),
    "unknown-user": N_("There is no such user any more."),
    "unknown-site": N_("There is no such site any more."),
    "unknown-token": N_("There is no such token any more."),
    "scopes": N_("Choose at least one."),
    "scopes-role": N_("Your role cannot use this."),
    "wrong-password": N_("This is not your present password."),
    "password-short": N_("At least 10 characters are needed; a short sentence is good."),
    "password-long": N_("At most 200 characters are possible."),
    "password-name": N_("This is hardly more than the name. Choose something else."),
    "password-simple": N_("This is among the first that are tried. Choose something else."),
}
"""Why a change to users was refused, by the reason of an ``AccountError``."""


def refusal(reason: str) -> str:
    """Return why a change to users was refused, in the language of the page."""
    return gettext(REFUSALS[reason])
