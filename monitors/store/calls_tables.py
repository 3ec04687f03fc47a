"""The tables of guarded calls, in the monitoring database.

Times are naive UTC, or seconds since 1970 with their fractions where a PBX tells them so.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from monitors.store.tables import metadata

guarded_call = Table(
    "guarded_call",  # a call to the outside that was let through; once, whoever tells of it
    metadata,
    Column("site", String(64), primary_key=True),
    Column("call_id", String(150), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("room", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("country", String(3), nullable=False),
    Column("international", Boolean, nullable=False),
    Column("day", Date, nullable=False),  # of the site's clock, when it began
    Column("started_s", Float(53), nullable=False),
    Column("answered_s", Float(53)),
    Column("ended_s", Float(53)),
    Column("rate", JSON),  # as it was then; NULL: nobody knew
    Column("cost_micros", BigInteger, nullable=False),  # millionths, once it has ended
    Column("currency", String(3), nullable=False),
    Index("guarded_call_day", "site", "day"),
    Index("guarded_call_account", "site", "account", "day"),
)

refused_call = Table(
    "refused_call",  # counted, not kept one by one: an attacker makes thousands
    metadata,
    Column("site", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("rule", String(32), primary_key=True),
    Column("country", String(3), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("last_number", String(64), nullable=False),
    Column("last_at", DateTime, nullable=False),
)

call_warning = Table(
    "call_warning",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("account", String(64), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("facts", JSON, nullable=False),
    Index("call_warning_site", "site", "at"),
)

call_block = Table(
    "call_block",  # whose outgoing calls are blocked, and was blocked before
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("scope", String(16), nullable=False),  # account, room, site
    Column("name", String(64), nullable=False),
    Column("open_key", String(150), unique=True),  # site, scope and name while it stands
    Column("rule", String(32), nullable=False),  # the limit that was passed; "by_hand": a person
    Column("facts", JSON, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("who", String(100), nullable=False),  # empty: bellwire
    Column("ended_at", DateTime),
    Column("ended_by", String(100), nullable=False),
    Index("call_block_site", "site", "since"),
    sqlite_autoincrement=True,
)

toll_free_call = Table(
    "toll_free_call",  # of the last days: the windows are counted from these
    metadata,
    Column("site", String(64), primary_key=True),
    Column("call_id", String(150), primary_key=True),
    Column("caller", String(64), nullable=False),
    Column("at_s", Float(53), nullable=False),
    Index("toll_free_call_at", "site", "at_s"),
)

toll_free_listed = Table(
    "toll_free_listed",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("caller", String(64), primary_key=True),
    Column("level", SmallInteger, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("last_call", DateTime, nullable=False),
    Column("by_hand", Boolean, nullable=False),
)

call_rates = Table(
    "call_rates",  # one list for a site; its rows have their own days
    metadata,
    Column("site", String(64), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("entries", Integer, nullable=False),
    Column("imported_at", DateTime, nullable=False),
    Column("who", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),  # CSV, compressed
)

do_not_call_list = Table(
    "do_not_call_list",
    metadata,
    Column("site", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("dated", Date, nullable=False),
    Column("form", String(8), nullable=False),
    Column("entries", Integer, nullable=False),
    Column("imported_at", DateTime, nullable=False),
    Column("who", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),  # an entry a line, compressed
)

do_not_call_consent = Table(
    "do_not_call_consent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("given", DateTime, nullable=False),
    Column("how", String(500), nullable=False),
    Column("who", String(100), nullable=False),
    Column("withdrawn", DateTime),
    UniqueConstraint("site", "number", "given"),
)

do_not_call_check = Table(
    "do_not_call_check",  # what was checked before each commercial call, for an audit
    metadata,
    Column("site", String(64), primary_key=True),
    Column("call_id", String(150), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("extension", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("lists", JSON, nullable=False),  # [name, day] each
    Column("found", String(64), nullable=False),
    Column("consent", String(500), nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("result", String(8), nullable=False),
    Index("do_not_call_check_at", "site", "at"),
)

call_stamp = Table(
    "call_stamp",  # rises when a person changed blocks, rates or lists: the guard reads them again
    metadata,
    Column("site", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)

call_guard = Table(
    "call_guard",  # what the process that guards calls said of itself last
    metadata,
    Column("site", String(64), primary_key=True),
    Column("seen_at", DateTime, nullable=False),
    Column("connected", Boolean, nullable=False),  # with the PBX's manager interface
    Column("problem", String(200), nullable=False),  # why not, in one line
    Column("reconciled_at", DateTime),  # the PBX's journal was read; NULL: not since it started
)
