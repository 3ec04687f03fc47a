"""What can be done to a phone, and what was done to it, in a person's language. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.remedies.action import Action
from monitors.remedies.kinds import fitting
from web.overview.values import RemedyView
from web.overview.wording import Voice

_AUTOMATIC = "bellwire"


def fitting_remedies(rule: str, voice: Voice) -> dict[str, str]:
    """Return what fits a diagnosis, the gentlest first: remedies and what they are called.

    Args:
        rule: of the diagnosis; one that nothing fits has none.
        voice: who is spoken to.
    """
    return {str(remedy): voice.word("remedies", remedy) for remedy in fitting().get(rule, ())}


def remedy_views(actions: Iterable[Action], voice: Voice) -> tuple[RemedyView, ...]:
    """Return what was done, in the order that it comes in."""
    return tuple(_view(action, voice) for action in actions)


def _view(action: Action, voice: Voice) -> RemedyView:
    return RemedyView(
        id=action.id,
        remedy=action.remedy,
        name=voice.word("remedies", action.remedy),
        state=str(action.state),
        state_name=voice.word("actions", str(action.state)),
        who=action.who or _AUTOMATIC,
        at=action.at,
        ended_at=action.ended_at,
        way=action.way,
        port=f"{action.switch} {action.port}".strip() if action.switch else "",
        detail=action.detail,
    )
