"""What a PBX is told about the ends of calls, and in which order.

Calls of one purse share its money. Whatever ends in the middle of telling, all that the PBX has by
then must cost no more than there is: so shorter times are told before longer ones, and a new call
is let go only when those that make room for it have their shorter times.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient

log = logging.getLogger(__name__)

SLACK_S = 0.05
"""A time that moves by less is left as it is."""
SHORTEST_S = 0.1
HORIZON_S = 60.0
"""A time that becomes longer is told when the one before is as near as that; sooner is no use."""
_UNKNOWN = float("-inf")


@dataclass(frozen=True, slots=True)
class Ends:
    """When calls are to end.

    Attributes:
        answered: Unix time, by the id of the call.
        ringing: so many seconds after their answer.
        shrinks: a time is shorter than it was.
    """

    answered: dict[str, float] = field(default_factory=dict)
    ringing: dict[str, float] = field(default_factory=dict)
    shrinks: bool = False

    def only(self, calls: Collection[str]) -> Ends:
        """Return those of some calls."""
        return Ends(
            {each: self.answered[each] for each in calls if each in self.answered},
            {each: self.ringing[each] for each in calls if each in self.ringing},
        )

    def changes(
        self, told: Ends, unsure: Collection[str] = ()
    ) -> Iterator[tuple[str, float, bool]]:
        """Yield what is to be told: the call, its time, whether it rings; shorter times first.

        Args:
            told: what the PBX has; a call that is not there has the longest.
            unsure: calls that are told though nothing has changed.
        """
        found = [
            (wanted - before[each] if each in before else _UNKNOWN, each, wanted, rings)
            for all_of, before, rings in (
                (self.answered, told.answered, False),
                (self.ringing, told.ringing, True),
            )
            for each, wanted in all_of.items()
        ]
        for by_s, each, wanted, rings in sorted(found):
            if each in unsure or abs(by_s) >= SLACK_S:
                yield each, wanted, rings


class Room:
    """Tells one PBX; what is wanted comes from another thread.

    Attributes:
        legs: channels of the legs to the outside, by the id of the call.
    """

    def __init__(self) -> None:
        self.legs: dict[str, str] = {}
        self._callers: dict[str, str] = {}
        self._answered: dict[str, float] = {}
        self._wanted, self._told = Ends({}, {}), Ends({}, {})
        self._news: deque[Ends] = deque()
        self._begun: deque[tuple[str, str, float]] = deque()
        self._waiting: deque[Future[None]] = deque()
        self._fresh: set[str] = set()
        self._moved: set[str] = set()
        self._again = False
        self._shrunk = self._told_shrunk = 0

    def begins(self, call_id: str, channel: str, most_s: float) -> None:
        """A call begins: its caller's channel, and how long the PBX lets it go on."""
        self._begun.append((call_id, channel, most_s))

    def want(self, news: Ends) -> None:
        """Say when calls are to end, of those for which that has changed."""
        self._news.append(news)
        self._shrunk += news.shrinks

    @property
    def is_behind(self) -> bool:
        """Whether the PBX has not been told yet of a time that has become shorter."""
        return self._told_shrunk < self._shrunk

    def settled(self) -> Future[None]:
        """Return what is done once the PBX has all that was wanted; OSError if it breaks."""
        done: Future[None] = Future()
        self._waiting.append(done)
        return done

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits to hear that the PBX has what was wanted."""
        return bool(self._waiting)

    def forget(self) -> None:
        """Nobody knows what the PBX has."""
        self._told = Ends({}, {})
        self.repeat()
        self.give_up()

    def repeat(self) -> None:
        """Tell everything once more, so that no cut is lost for long, whatever else moved it."""
        self._again = True

    def answers(self, call_id: str, leg: str, at_s: float) -> None:
        """A call was answered, Unix time."""
        self.legs[call_id], self._answered[call_id] = leg, at_s
        self._fresh.add(call_id)

    def over(self, call_id: str) -> None:
        """A call is over."""
        for channels in (self.legs, self._callers):
            channels.pop(call_id, None)
        for times in (self._answered, *_both(self._wanted, self._told)):
            times.pop(call_id, None)
        self._moved.discard(call_id)

    def read(
        self, legs: Mapping[str, str], answered: Mapping[str, float], channels: Mapping[str, str]
    ) -> None:
        """Take what the PBX has: also of calls from before this began.

        Args:
            legs: channels of the legs of its journal, by the id of the call.
            answered: when those were answered.
            channels: by their own id; that of a call begins with the one of its caller.
        """
        self.legs, self._answered = dict(legs), dict(answered)
        names = set(channels.values())
        self._callers = {each: name for each, name in self._callers.items() if name in names}
        for call_id in {*self._wanted.answered, *self._wanted.ringing}:
            name = channels.get(call_id.rpartition("-")[0])
            if name:
                self._callers.setdefault(call_id, name)
            elif call_id not in legs:
                self.over(call_id)
        self.repeat()

    def tell(
        self, client: AmiClient, hear: Callable[[], object], clock: Callable[[], float]
    ) -> None:
        """Tell the PBX what is new.

        A call that is answered says so before it looks at its time for the last time. So when a
        time came too late for that, the answer has been heard by the time the PBX answers the next
        question, and the call is cut by its channel.

        Args:
            client: of the PBX.
            hear: takes the events that have come.
            clock: Unix time.

        Raises:
            PbxError: the connection broke; whoever waits is given up.
        """
        waiting, shrunk = self._taken(), self._shrunk  # before it is looked what is wanted
        try:
            while self._tell_all(client, clock) and (waiting or shrunk > self._told_shrunk):
                client.action("Ping")
                hear()
        except PbxError:
            _give_up(waiting)
            raise
        self._told_shrunk = shrunk
        for each in waiting:
            if each.set_running_or_notify_cancel():
                each.set_result(None)

    def give_up(self) -> None:
        """Nobody need wait any more."""
        _give_up(self._taken())

    def _tell_all(self, client: AmiClient, clock: Callable[[], float]) -> bool:
        """Tell what is new once; returns whether calls that ring were among it."""
        self._take_news()
        fresh, unsure, rang = self._fresh, self._moved & self._answered.keys(), False
        if self._again:
            fresh = unsure = {*self._wanted.answered, *self._wanted.ringing}
        self._fresh, self._again = set(), False
        for call_id, end, rings in self._wanted.only(fresh).changes(self._told, unsure):
            channel = (self._callers if rings else self.legs).get(call_id, "")
            before = self._told.answered.get(call_id, 0.0)
            now_s = clock()  # it may have taken a moment to tell others
            is_early = end > before > now_s + HORIZON_S and call_id not in unsure
            if not channel or is_early:
                continue
            if rings:
                rang = True
                _let_ring(client, channel, call_id, end)
                self._told.ringing[call_id] = end
                self._moved.add(call_id)
            else:
                _cut(client, channel, end - now_s)
                self._told.answered[call_id] = end
                self._moved.discard(call_id)
        return rang

    def _take_news(self) -> None:
        while self._news:
            news = self._news.popleft()
            self._wanted.answered.update(news.answered)
            self._wanted.ringing.update(news.ringing)
            self._fresh.update(news.answered, news.ringing)
        while self._begun:
            call_id, channel, most_s = self._begun.popleft()
            self._callers[call_id], self._told.ringing[call_id] = channel, most_s
        for call_id in self._fresh & self._answered.keys():
            for ends in (self._wanted, self._told):
                left_s = ends.ringing.pop(call_id, None)
                if left_s is not None:
                    ends.answered.setdefault(call_id, self._answered[call_id] + left_s)

    def _taken(self) -> list[Future[None]]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]


def _both(*ends: Ends) -> Iterator[dict[str, float]]:
    for each in ends:
        yield each.answered
        yield each.ringing


def _let_ring(client: AmiClient, channel: str, call_id: str, left_s: float) -> None:
    name = f"SHARED(BW_MOST_{call_id})"
    _do(client, "Setvar", channel, Variable=name, Value=f"{max(SHORTEST_S, left_s):.1f}")


def _cut(client: AmiClient, channel: str, left_s: float) -> None:
    _do(client, "AbsoluteTimeout", channel, Timeout=f"{max(SHORTEST_S, left_s):.3f}")


def _do(client: AmiClient, action: str, channel: str, **headers: str) -> None:
    try:
        client.action(action, Channel=channel, **headers)
    except PbxError as problem:
        if not problem.permanent:
            raise
        log.debug("%s %s: %s", action, channel, problem)  # the channel has gone


def _give_up(waiting: list[Future[None]]) -> None:
    for each in waiting:
        if each.set_running_or_notify_cancel():
            each.set_exception(ConnectionError("the PBX is not heard"))
