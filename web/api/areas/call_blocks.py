"""Who is kept from calling: blocks, callers of toll-free numbers, addresses that are shut out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import Field

from monitors.calls.decision import Because
from monitors.guarding.keeping import reason
from monitors.store.calls_blocks import Block, blocks_of
from monitors.store.shut_out import ShutOut
from provisioner.numbering.number import NumberError
from web.accounts.people import Role, Scope
from web.api.areas.health import InLanguage, Language
from web.api.operation import Call, Operation, Reply
from web.api.paging import Page, Paged, PagedByNumber, page
from web.api.problems import ProblemError, not_found
from web.api.shapes.calls import BlockEntry, BlockWish, CallerEntry, CallerWish, ShutOutEntry
from web.calls import acting
from web.calls.ground import guarded_site
from web.calls.showing import Caller, read_listed, read_shut_out, with_counts

TAG = "calls"
Json = dict[str, Any]
Item = TypeVar("Item")


class BlocksAsked(PagedByNumber):
    """Which blocks are wanted."""

    state: Literal["standing", "ended", "all"] = "standing"
    language: Language = Field(default="en", description="of the sentences")


def paged(call: Call, rows: Mapping[str, Item], shown: Callable[[Item], Json]) -> Reply:
    """Return a page of what is known by a text, in the order of the texts."""
    after = call.query.after
    keys = sorted(key for key in rows if after is None or key > after)[: call.query.limit + 1]
    return page(call, [(key, shown(rows[key])) for key in keys])


def block_json(each: Block, language: str) -> Json:
    """Return a block as it is answered."""
    names = ("id", "rule", "since", "who", "ended_at", "ended_by")
    return {
        **{name: getattr(each, name) for name in names},
        "scope": each.scope[0],
        "name": each.scope[1],
        "sentence": reason(Because(each.rule, each.facts), language),
    }


def blocks(call: Call) -> Reply:
    """List whose outgoing calls are blocked, or were, newest first."""
    asked: BlocksAsked = call.query
    found = blocks_of(call.installation.monitoring, call.site, ended=asked.state != "standing")
    rows = [
        each
        for each in reversed(found)
        if (asked.after is None or each.id < asked.after)
        and (asked.state != "ended" or each.ended_at is not None)
    ]
    shown = rows[: asked.limit + 1]
    return page(call, [(each.id, block_json(each, asked.language)) for each in shown])


def _standing(call: Call) -> Block | None:
    scope = (call.path["scope"], call.path["name"])
    found = blocks_of(call.installation.monitoring, call.site)
    return next((each for each in found if each.scope == scope), None)


def block(call: Call) -> Reply:
    """Block outgoing calls; what is blocked already stays as it is."""
    scope, who = (call.path["scope"], call.path["name"]), call.who.signature
    here, why = call.installation, call.body.reason
    made = acting.block(here, call.site, scope, who, call.now, why)
    found = _standing(call)
    if found is None:
        raise ProblemError("conflict", "somebody has unblocked it meanwhile")
    where = f"/sites/{call.site}/calls/blocks"
    shown = block_json(found, call.query.language)
    return Reply(shown, 201, location=where) if made else Reply(shown)


def unblock(call: Call) -> Reply:
    """Let somebody call out again; its incident closes."""
    scope, who = (call.path["scope"], call.path["name"]), call.who.signature
    if not acting.unblock(call.installation, call.site, scope, who, call.now):
        raise not_found(f"{scope[0]} {scope[1]!r} of {call.site} is not blocked")
    return Reply(status=204)


def callers(call: Call) -> Reply:
    """List the callers of toll-free numbers."""
    site = guarded_site(call.installation, call.site)
    after = call.query.after
    found = sorted(read_listed(call.installation, site), key=lambda each: each.caller)
    rows = [each for each in found if after is None or each.caller > after]
    shown = with_counts(call.installation, site, rows[: call.query.limit + 1], call.now)
    return page(call, [(each.caller, _caller(each)) for each in shown])


def _caller(each: Caller) -> Json:
    names = ("caller", "level", "since", "last_call", "by_hand")
    counts = {"calls_hour": each.in_hour, "calls_day": each.in_day}
    return {**{name: getattr(each, name) for name in names}, **counts}


def put_caller(call: Call) -> Reply:
    """Put a caller on the list, or give it another level."""
    site, here = guarded_site(call.installation, call.site), call.installation
    known = _number(call)
    value = acting.list_caller(
        here, site.id, known, call.body.level, call.who.signature, call.now
    )  # fmt: skip
    mine = [each for each in read_listed(here, site) if each.caller == value]
    if not mine:
        raise ProblemError("conflict", "somebody has taken it off meanwhile")
    return Reply(_caller(with_counts(here, site, mine, call.now)[0]))


def drop_caller(call: Call) -> Reply:
    """Take a caller off the list."""
    number, who = _number(call), call.who.signature
    acting.list_caller(call.installation, call.site, number, 0, who, call.now)
    return Reply(status=204)


def _number(call: Call) -> str:
    try:
        return acting.caller_of(call.installation, call.site, call.path["caller"])
    except NumberError as problem:
        raise not_found(str(problem)) from None


def addresses(call: Call) -> Reply:
    """List the addresses that are shut out."""
    found = read_shut_out(call.installation, guarded_site(call.installation, call.site), call.now)
    return paged(call, {each.address: each for each in found}, _shut_out)


def _shut_out(each: ShutOut) -> Json:
    names = ("address", "account", "tries", "times", "since", "until", "problem")
    return {name: getattr(each, name) for name in names}


def let_in(call: Call) -> Reply:
    """Let an address in again at once, at all sites that the user sees."""
    address = call.path["address"]
    here = read_shut_out(call.installation, guarded_site(call.installation, call.site), call.now)
    if address not in {each.address for each in here}:
        raise not_found(f"{address} is not shut out at {call.site}")
    done = acting.let_in(call.installation, address, call.who.signature, call.now, call.who.sees)
    if done.problems:
        told = "; ".join(done.problems)
        raise ProblemError("device", f"the firewall still drops {done.address}: {told}")
    return Reply(status=204)


_CHANGE: Json = {"tag": TAG, "scope": Scope.CHANGE, "role": Role.INSTALLER}
_READ: Json = {"tag": TAG, "method": "GET", "scope": Scope.READ}
_CALLS = "/sites/{site}/calls"
_BLOCK = f"{_CALLS}/blocks/{{scope}}/{{name}}"
_CALLER = f"{_CALLS}/toll-free/{{caller}}"
OPERATIONS = (
    Operation(
        id="list_call_blocks", path=f"{_CALLS}/blocks", handler=blocks, query=BlocksAsked,
        summary="Whose outgoing calls are blocked, newest first", answers={200: Page[BlockEntry]},
        **_READ,
    ),
    Operation(
        id="block_calls", method="PUT", path=_BLOCK, handler=block, query=InLanguage,
        body=BlockWish, body_needed=False, answers={200: BlockEntry, 201: BlockEntry},
        summary="Block outgoing calls of an account, a room or the site", refusals=(409,),
        note="Emergency calls, calls inside the house and to the reception always work.", **_CHANGE,
    ),
    Operation(
        id="unblock_calls", method="DELETE", path=_BLOCK, handler=unblock, answers={204: None},
        summary="Let an account, a room or the site call out again",
        note="Its incident closes. A limit that is still passed blocks anew.", **_CHANGE,
    ),
    Operation(
        id="list_toll_free_callers", path=f"{_CALLS}/toll-free", handler=callers, query=Paged,
        summary="Callers on the list of the toll-free numbers", answers={200: Page[CallerEntry]},
        **_READ,
    ),
    Operation(
        id="put_toll_free_caller", method="PUT", path=_CALLER, handler=put_caller, body=CallerWish,
        summary="Put a caller on the list, or give it another level", refusals=(409,),
        answers={200: CallerEntry}, **_CHANGE,
    ),
    Operation(
        id="drop_toll_free_caller", method="DELETE", path=_CALLER, handler=drop_caller,
        summary="Take a caller off the list", answers={204: None}, **_CHANGE,
    ),
    Operation(
        id="list_shut_out", path=f"{_CALLS}/shut-out", handler=addresses, query=Paged,
        summary="Addresses that guessed passwords and are shut out",
        answers={200: Page[ShutOutEntry]}, **_READ,
    ),
    Operation(
        id="let_address_in", method="DELETE", path=f"{_CALLS}/shut-out/{{address}}", handler=let_in,
        summary="Let an address in again, and forgive its past", answers={204: None},
        refusals=(502,), note="At all sites that the user sees.", **_CHANGE,
    ),
)  # fmt: skip
