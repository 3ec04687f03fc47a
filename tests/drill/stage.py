"""The fast attacker: as many calls as the PBX takes, while the house goes on calling for help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from monitors.store.calls_blocks import blocks_of
from monitors.store.incidents import open_incidents
from provisioner.delivery import utc_now
from tests.drill.attack import FarEnd, fire, numbers
from tests.integration.guarded_office import Office, guarded_office, secret_of
from tests.integration.servers import small_site
from tests.integration.test_notifications import MailServer, Post
from tests.simulators.sipp_calls import Caller
from web.installation import opened
from web.simulated.device import SimAccount
from web.simulated.sip_user import SipEngine, SipUser
from web.telling import Teller

RECEPTION, COLLEAGUE = "100", "109"
RATES = (
    "prefix,per_minute,connection_fee,name\n53,120,0.5,Cuba\n252,90,0,Somalia\n"
    "44,60,0,United Kingdom\n34,0.6,0,Spain\n"
)
DEAREST = Decimal("2.50")
"""What the first second of the dearest call costs: the most that one more call can cost."""
LIMIT = Decimal(10)
AT_ONCE, PER_S = 60, 400
HELP_EVERY_S = 0.4
AGAIN = 30
WAIT_S = 40.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attacker tries, with an account of its own.

    Attributes:
        limits: of the account, where they are not bellwire's own.
        silent: nobody answers.
        kill: the guard is killed in the middle, and started again.
    """

    name: str
    account: str
    limits: dict[str, Any] = field(default_factory=dict)
    silent: bool = False
    kill: bool = False


UNCOUNTED = {
    "international_hour": None, "international_day": None, "international_month": None,
    "simultaneous": None,
}  # fmt: skip
ATTACKS = (
    Attack("with the limits a site has by itself", "301"),
    Attack("two calls at once, and only money is limited", "302", {**UNCOUNTED, "simultaneous": 2}),
    Attack("as many calls at once as it likes, and only money is limited", "303", UNCOUNTED),
    Attack("nobody answers", "304", {"simultaneous": None}, silent=True),
    Attack("bellwire is killed in the middle", "305", kill=True),
)


@dataclass(slots=True)
class Help:
    """Calls that must pass while an attack is on: tried and answered."""

    emergency: list[bool] = field(default_factory=list)
    internal: list[bool] = field(default_factory=list)
    reception: list[bool] = field(default_factory=list)


@dataclass(slots=True)
class Damage:
    """What an attack came to.

    Attributes:
        fired: calls that were tried, in how many seconds.
        let_out: those that bellwire or the PBX let through.
        arrived: those that came to the far end.
        rules: which limit blocked the account, each block once.
    """

    attack: Attack
    fired: int
    took_s: float
    let_out: int = 0
    arrived: int = 0
    answered: int = 0
    cost: Decimal = Decimal(0)
    rules: tuple[str, ...] = ()
    incidents: int = 0
    mails: int = 0
    help: Help = field(default_factory=Help)

    @property
    def most(self) -> Decimal:
        """What it may cost: the limit, and one more call."""
        return LIMIT + DEAREST

    @property
    def held(self) -> bool:
        """Whether everything was as it must be."""
        helped = (*self.help.emergency, *self.help.internal, *self.help.reception)
        told = len(self.rules) == self.incidents == self.mails == 1
        counted = self.arrived <= self.let_out
        return self.cost <= self.most and told and counted and bool(helped) and all(helped)


def site(port: int) -> dict[str, Any]:
    """A hotel with an account for each attacker."""
    made = small_site()
    accounts = [RECEPTION, COLLEAGUE, *(each.account for each in ATTACKS)]
    made["accounts"] = [{"extension": each, "secret": secret_of(each)} for each in accounts]
    none = dict.fromkeys((*UNCOUNTED, "spend_day", "spend_month"))
    made["calls"] = {
        "limits": {
            "room": none,
            "accounts": {each.account: each.limits for each in ATTACKS if each.limits},
        },
        "pbx": {"bellwire": {"port": port}, "trunk": "provider"},
    }
    made["monitoring"] = {"email": {"to": ["it@casa.example"]}, "digest_at": None}
    return made


class Stage:
    """A guarded hotel with people in it.

    Args:
        office: the site with its PBX.
        people: who makes the calls that must pass.
        post: where its mails come to.
        mail: the mail server's settings.
    """

    def __init__(self, office: Office, people: SipEngine, post: Post, smtp_port: int) -> None:
        self.office = office
        self._people = people
        self._post = post
        self._smtp_port = smtp_port

    def person(self, extension: str) -> SipUser:
        """Somebody with a phone."""
        server = ("127.0.0.1", self.office.asterisk.sip_port)
        account = SimAccount(1, extension, extension, secret_of(extension), "pbx.casa.example")
        return SipUser(self._people, [account], "Drill", lambda _host: server)

    def run(self, attack: Attack, calls: int, per_s: int = PER_S, seed: int = 1) -> Damage:
        """Let an attacker loose, and count."""
        office, helped, stop = self.office, Help(), threading.Event()
        before, mails = office.operator.calls(), len(self._post.mails)
        helper = threading.Thread(target=self._help, args=(attack.account, helped, stop))
        killer = threading.Thread(target=self._kill, args=(attack.account,))
        helper.start()
        if attack.kill:
            killer.start()
        caller = Caller(attack.account, office.asterisk.sip_port, secret_of(attack.account))
        dialled = numbers(calls, seed, silent=attack.silent)
        try:
            fired, took_s = fire(office.tmp, caller, dialled, AT_ONCE, per_s)
            if attack.kill:  # whoever is refused meanwhile tries again
                killer.join()
                fire(office.tmp, caller, numbers(AGAIN, seed), AT_ONCE, AGAIN)
        finally:
            stop.set()
            helper.join()
        self._settle(attack.account)
        time.sleep(1.1)  # sipp counts once a second
        done = Damage(attack, fired, took_s, arrived=office.operator.calls() - before, help=helped)
        self._count(done)
        self._tell()
        done.mails = len(self._post.mails) - mails
        return done

    def _settle(self, account: str) -> None:
        """Wait until calls have ended and all is told."""
        query = "select 1 from guarded_call where account = ? and ended_s is null"
        asterisk = self.office.asterisk
        self.office.until(lambda: not self.office.rows(query, account))
        self.office.until(lambda: "-calls/" not in asterisk.cli("database show bw-casa-calls"))

    def _count(self, damage: Damage) -> None:
        account = damage.attack.account
        query = "select answered_s, cost_micros from guarded_call where account = ?"
        rows = self.office.rows(query, account)
        damage.let_out = len(rows)
        damage.answered = sum(answered is not None for answered, _ in rows)
        damage.cost = Decimal(sum(cost for _, cost in rows)) / 10**6
        with self.office.folder.opened() as here:
            blocks = blocks_of(here.monitoring, "casa", ended=True)
            incidents = open_incidents(here.monitoring, "casa")
        damage.rules = tuple(b.rule for b in blocks if b.scope == ("account", account))
        damage.incidents = sum(i.key == f"calls account {account}" for i in incidents)

    def _tell(self) -> None:
        """Send what is to be sent, twice: nothing is told twice."""
        with self.office.folder.opened() as plain:
            smtp = plain.settings.smtp.model_copy(
                update={
                    "host": "127.0.0.1", "port": self._smtp_port, "security": "none",
                    "sender": "bellwire@casa.example",
                }
            )  # fmt: skip
            settings = plain.settings.model_copy(update={"smtp": smtp})
        with opened(settings) as here:
            teller = Teller(here, utc_now)
            teller.tell()
            teller.tell()

    def _kill(self, account: str) -> None:
        """Kill the guard once money is being lost, and start it again."""
        query = "select 1 from guarded_call where account = ?"
        self.office.until(lambda: self.office.rows(query, account))
        self.office.kill_guard()
        self.office.start_guard()

    def _help(self, account: str, helped: Help, stop: threading.Event) -> None:
        """Call for help with the attacker's own account, a colleague and reception; all along."""
        with self.person(account) as victim:
            while not stop.is_set():
                for number, kept in (
                    ("112", helped.emergency),
                    (COLLEAGUE, helped.internal),
                    (RECEPTION, helped.reception),
                ):
                    call = victim.call(number)
                    kept.append(call.wait("answered", WAIT_S))
                    call.hang_up()
                stop.wait(HELP_EVERY_S)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Run the hotel for the length of a ``with`` block."""
    with ExitStack() as ends:
        office = ends.enter_context(guarded_office(folder, site, RATES, far_end=FarEnd))
        post = Post()
        mail = MailServer(post, hostname="127.0.0.1", port=0)
        mail.start()
        ends.callback(mail.stop)
        people = ends.enter_context(SipEngine())
        made = Stage(office, people, post, mail.port)
        for extension in (RECEPTION, COLLEAGUE):
            phone = ends.enter_context(made.person(extension))
            phone.on_incoming = "answer"
            assert [each.status for each in phone.register()] == [200]
        yield made
