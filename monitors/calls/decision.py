"""What is decided of a call, and which rule decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provisioner.inventory.calls import CallAction


class Verdict(StrEnum):
    """What becomes of a call."""

    PASS = "pass"  # noqa: S105 - no password
    REFUSE = "refuse"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Because:
    """A rule and its facts; ``wording`` says it in a person's language.

    Attributes:
        rule: a row of the texts.
        facts: names and numbers in its sentence.
    """

    rule: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a call.

    Attributes:
        because: the rule that decided.
        actions: what is done with an incoming call, in order; none: it rings as dialled.
        most_s: the call is cut after so many seconds; None: never.
        blocks: the scope whose outgoing calls are blocked from now on, or empty.
        warnings: what a person should hear of, though the call passes.
    """

    verdict: Verdict
    because: Because
    actions: tuple[CallAction, ...] = ()
    most_s: int | None = None
    blocks: str = ""
    warnings: tuple[Because, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the call goes on."""
        return self.verdict is not Verdict.REFUSE


def passed(rule: str, **facts: str) -> Decision:
    """A call that goes on."""
    return Decision(Verdict.PASS, Because(rule, facts))


def refused(rule: str, *, blocks: str = "", **facts: str) -> Decision:
    """A call that does not."""
    return Decision(Verdict.REFUSE, Because(rule, facts), blocks=blocks)
