"""The tables of the monitoring database. Times are naive UTC, or whole seconds since 1970.

It is a database of its own beside SQLite's others, because it is written every minute and may be
lost without harm to a phone. In PostgreSQL all three share one.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

reading = Table(
    "reading",  # the latest only
    metadata,
    Column("target", String(128), primary_key=True),  # a phone's MAC, or "switch 10.20.0.2"
    Column("probe", String(64), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("value", JSON, nullable=False),
)

status = Table(
    "status",
    metadata,
    Column("mac", String(12), primary_key=True),
    Column("site", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", DateTime, nullable=False),
    Column("rule", String(8), nullable=False),
    Column("sureness", String(16), nullable=False),
    Column("facts", JSON, nullable=False),  # for the sentence
    Column("missing", JSON, nullable=False),  # names of signals
    Column("misses", Integer, nullable=False),
    Column("successes", Integer, nullable=False),
    Column("judged_at", DateTime, nullable=False),
    Index("status_site", "site"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("key", String(200), nullable=False),  # what it is about: "phone 0c383e000214"
    Column("open_key", String(270), unique=True),  # site and key while it is open, then NULL
    Column("grouped", Boolean, nullable=False),
    Column("rule", String(8), nullable=False),
    Column("sureness", String(16), nullable=False),
    Column("name", String(128), nullable=False),  # of the group; empty for a phone
    Column("facts", JSON, nullable=False),
    Column("began_at", DateTime, nullable=False),  # the first bad answer
    Column("round_at", DateTime, nullable=False),  # when it was opened, or opened again
    Column("found_at", DateTime, nullable=False),  # when its group was last found failing
    Column("closed_at", DateTime),
    Column("ending", String(16), nullable=False),  # recovered, merged, retired; empty while open
    Column("round", Integer, nullable=False),  # how often it was opened again
    Column("acknowledged_at", DateTime),
    Column("acknowledged_by", String(100), nullable=False),
    Index("incident_site_key", "site", "key"),
    Index("incident_closed", "closed_at"),
    sqlite_autoincrement=True,
)

incident_phone = Table(
    "incident_phone",
    metadata,
    Column("incident_id", ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True),
    Column("mac", String(12), primary_key=True),
    Column("joined_at", DateTime, nullable=False),
    Column("left_at", DateTime),
    Index("incident_phone_mac", "mac"),
)

timeline = Table(
    "incident_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident_id", ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("what", String(16), nullable=False),
    Column("mac", String(12), nullable=False),  # empty: all of it
    Column("who", String(100), nullable=False),  # empty: bellwire
    Column("detail", String(500), nullable=False),
    Index("incident_event_incident", "incident_id"),
)

maintenance = Table(
    "maintenance",  # set by a person at the moment; planned ones are in the site file
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("begins", DateTime, nullable=False),
    Column("ends", DateTime, nullable=False),
    Column("rooms", JSON, nullable=False),  # empty with no switches: the whole site
    Column("switches", JSON, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("who", String(100), nullable=False),
    Index("maintenance_site", "site", "ends"),
)

notification = Table(
    "notification",  # the journal: one row for each message, claimed before it is sent
    metadata,
    Column("key", String(200), primary_key=True),
    Column("incident_id", Integer),  # NULL: a digest
    Column("site", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("claimed_at", DateTime, nullable=False),
    Column("claimed_by", String(100), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", DateTime),  # when the last try failed
    Column("sent_at", DateTime),
    Column("problem", String(500), nullable=False),
    Column("maybe_double", Boolean, nullable=False),
    Index("notification_incident", "incident_id"),
    Index("notification_claimed", "claimed_at"),
)

remedy_action = Table(
    "remedy_action",  # the journal of remedies: a row stands here before anything is written
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("mac", String(12), nullable=False),
    Column("open_key", String(12), unique=True),  # the MAC while it is planned or off, then NULL
    Column("remedy", String(16), nullable=False),
    Column("way", String(16), nullable=False),
    Column("switch", String(128), nullable=False),  # empty: no switch is written to
    Column("if_index", Integer, nullable=False),
    Column("port", String(128), nullable=False),  # its name, for people
    Column("undo", JSON, nullable=False),  # what gives power back
    Column("state", String(16), nullable=False),
    Column("who", String(100), nullable=False),
    Column("incident_id", Integer),
    Column("at", DateTime, nullable=False),
    Column("off_at", DateTime),  # when the first write began
    Column("done_at", DateTime),
    Column("ended_at", DateTime),
    Column("deadline", DateTime, nullable=False),  # whoever works on it is not heard of any more
    Column("claimed_by", String(100), nullable=False),
    Column("tries", Integer, nullable=False),  # to give power back
    Column("seen", JSON, nullable=False),  # times of what proves that it helped
    Column("detail", String(500), nullable=False),
    Index("remedy_action_mac", "mac", "at"),
    Index("remedy_action_site", "site", "at"),
    Index("remedy_action_switch", "switch", "off_at"),
    Index("remedy_action_state", "state", "deadline"),
    sqlite_autoincrement=True,
)

remedy_wish = Table(
    "remedy_wish",  # what people ask for on a page, for a process that reaches switch and PBX
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String(64), nullable=False),
    Column("mac", String(12), nullable=False),
    Column("remedy", String(16), nullable=False),
    Column("who", String(100), nullable=False),
    Column("incident_id", Integer),
    Column("state", String(16), nullable=False),
    Column("at", DateTime, nullable=False),  # when it came into its state
    Column("confirmed", Boolean, nullable=False),  # the person knows what the guards doubt
    Column("guards", JSON, nullable=False),  # name, verdict and sentence of each
    Column("port", String(300), nullable=False),  # switch and port, of what concerns power
    Column("result", String(16), nullable=False),  # empty until it is ended
    Column("detail", String(500), nullable=False),
    Column("action_id", Integer),  # its row in the journal
    Index("remedy_wish_mac", "mac"),
    Index("remedy_wish_state", "state", "at"),
    sqlite_autoincrement=True,
)

tally = Table(
    "tally",  # what only ever rises; written with what it counts
    metadata,
    Column("name", String(64), primary_key=True),
    Column("site", String(64), primary_key=True),
    Column("label", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

sampled_phone = Table(
    "sampled_phone",  # a short number instead of a MAC in millions of rows
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mac", String(12), nullable=False),
    UniqueConstraint("mac"),
)

minute_sample = Table(
    "sample_minute",
    metadata,
    # by time first: new rows come at the end, old ones go at the beginning, an hour lies together
    Column("at", Integer, primary_key=True, autoincrement=False),  # start of the minute
    Column("phone", Integer, primary_key=True, autoincrement=False),
    Column("rtt_us", Integer),
    Column("power_mw", Integer),
    Column("registered", SmallInteger),  # 0 or 1
    Column("mos_hundredths", SmallInteger),
    sqlite_with_rowid=False,
)


def _rolled(name: str) -> Table:
    """A table of buckets: how many samples, their sum, the least and the greatest."""
    return Table(
        name,
        metadata,
        Column("at", Integer, primary_key=True, autoincrement=False),
        Column("phone", Integer, primary_key=True, autoincrement=False),
        Column("quantity", SmallInteger, primary_key=True, autoincrement=False),
        Column("count", Integer, nullable=False),
        Column("total", BigInteger, nullable=False),
        Column("least", Integer, nullable=False),
        Column("most", Integer, nullable=False),
        sqlite_with_rowid=False,
    )


hour_sample = _rolled("sample_hour")
day_sample = _rolled("sample_day")

rolled_up = Table(
    "rolled_up",
    metadata,
    Column("width_s", Integer, primary_key=True, autoincrement=False),
    Column("until", Integer, nullable=False),  # all buckets before this are made
)
