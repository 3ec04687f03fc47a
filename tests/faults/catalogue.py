"""The faults: what is broken, and which row of the decision table is its cause.

Rows are those of the monitoring notes, 7.3. A second row is admitted only where the table's own
conditions cannot tell the two apart with the signals there are; ``why`` says so.
"""

from __future__ import annotations

from tests.faults.breaking import accounts, addresses, many, power, sockets
from tests.faults.fault import Fault, Shows, Step

_W, _N = Shows.WARNING, Shows.NOTE
_ANSWERING = (1, 2)
"""Floors whose phones answer bellwire; those of the third obey their registrar only."""

_NOTHING_THERE = ("unplugged", "cable-cut")
_SHUT = "many switches do not feed a port that is shut, so that nothing seems to hang on it"

POWER = (
    Fault("poe-off", "PoE is switched off on the port.", "B1", power.port(power=False), Step.POWER),
    Fault(
        "budget",
        "The switch has no power left for the port.",
        "B2",
        power.budget,
        Step.POWER,
        shares_power=True,
    ),
    Fault(
        "port-limit",
        "The port's limit is below what the phone needs.",
        "B3",
        power.port(limit_mw=1000),
        Step.POWER,
    ),
    Fault(
        "overload",
        "The phone draws more than it may.",
        "B4",
        power.plug(greedy=True),
        Step.POWER,
        floors=(1, 2),
    ),
    Fault(
        "short",
        "There is a short circuit in the cable.",
        "B5",
        power.cable(shorted=True),
        Step.POWER,
    ),
    Fault(
        "port-dead",
        "The port's power circuit is broken.",
        "B6",
        power.port(feeds=False),
        Step.POWER,
    ),
    Fault(
        "unplugged",
        "Somebody took the phone away.",
        "B7",
        sockets.unplugged,
        Step.POWER,
        moves=True,
    ),
    Fault("cable-cut", "The cable is cut in the wall.", "B7", power.cable(cut=True), Step.POWER),
    Fault(
        "hung-at-boot",
        "The phone has power and stays dark.",
        "B11",
        power.plug(starts=False),
        Step.POWER,
    ),
    Fault(
        "loose-plug",
        "The plug is loose: the phone starts again and again.",
        "B12",
        power.loose_plug,
        Step.POWER,
        _W,
        settle_s=27.0,
        alone=True,
    ),
)

LINK = (
    Fault("port-off", "The port was shut down by an administrator.", "C1", power.port(link=False), Step.LINK,
          covers=_NOTHING_THERE, covers_why=_SHUT),
    Fault("no-data", "Power arrives, data do not: a broken pair.", "C2", power.cable(one_pair_broken=True), Step.LINK),
    Fault("lan-dead", "The phone's network part is broken.", "C2", power.plug(lan_works=False), Step.LINK),
    Fault("blocked", "The switch has blocked the port: port security.", "C6", power.port(blocked=9), Step.LINK, floors=(1,),
          covers=_NOTHING_THERE, covers_why=_SHUT),
    Fault("slow-link", "The link runs at 10 Mbit/s.", "C4", power.port(speed_mbit=10), Step.WELL, _W),
    Fault("half-duplex", "The link runs at half duplex.", "C4", power.port(half_duplex=True), Step.WELL, _W),
    Fault("flapping", "The link goes up and down.", "C5", power.flapping, Step.WELL, _W, settle_s=14.0, alone=True),
    Fault("link-errors", "Frames arrive broken.", "C5", power.link_errors, Step.WELL, _W),
)  # fmt: skip

PLACE = (
    Fault("swapped", "Two rooms' phones are in each other's sockets.", "D1", sockets.swapped, Step.PLACE, _W,
          needs_neighbour=True, moves=True, settle_s=6.0),
    Fault("stranger", "A phone that nobody entered is in the socket.", "D2", sockets.replaced_by(sockets.unknown_phone),
          Step.PLACE, moves=True),
    Fault("computer", "A computer is in the phone's socket.", "D3", sockets.replaced_by(sockets.computer), Step.PLACE, moves=True),
    Fault("moved", "The phone is in another socket.", "D4", sockets.moved, Step.PLACE, _W, moves=True, settle_s=6.0),
    Fault("cloned", "Two devices have the phone's MAC address.", "D5", sockets.cloned, Step.PLACE, moves=True),
    Fault("wrong-vlan", "The port puts the phone into the VLAN of computers.", "D6", power.port(vlan=99), Step.PLACE),
    Fault("two-phones", "Two phones share a port.", "D8", sockets.two_on_a_port, Step.PLACE, _W, needs_neighbour=True,
          moves=True, settle_s=6.0),
)  # fmt: skip

ADDRESS = (
    Fault("no-address", "The phone has no address any more.", "E1", addresses.without_address, Step.ADDRESS),
    Fault("fallback", "The phone gave itself an address.", "E2", addresses.fallback_address, Step.ADDRESS),
    Fault("strange-dhcp", "A second DHCP server gave the phone an address.", "E3", addresses.strange_address, Step.ADDRESS),
    Fault("unlisted-network", "The phone's addresses are new, and neither bellwire nor PBX was told.", "E3",
          addresses.unlisted_network, Step.ADDRESS, also=("F3",),
          why="an address outside the networks and a server that refuses it are one fact in two rows"),
    Fault("never-asks", "A new phone has an address and was not told where its files are.", "E5", addresses.never_asks,
          Step.ADDRESS, spare=True),
)  # fmt: skip

CONFIG = (
    Fault("not-assigned", "A new phone asks for files that nobody made.", "F1", addresses.asks_for_nothing_known,
          Step.CONFIG, spare=True, models=("yealink/t31p",)),
    Fault("common-only", "A new phone never asks for its own file.", "F2", addresses.common_file_only, Step.CONFIG, spare=True,
          models=("yealink/t31p",)),
    Fault("wrong-token", "The phone was reset and asks with an old URL.", "F3", addresses.wrong_token, Step.CONFIG),
    Fault("not-armed", "A new phone comes too late for its first contact.", "F3", addresses.not_armed, Step.CONFIG, spare=True),
    Fault("stale", "The phone has not fetched the last change.", "F5", addresses.stale, Step.WELL, _W),
    Fault("other-model", "The phone is another model than the inventory says.", "F6", addresses.other_model("yealink/t33g"),
          Step.WELL, _W, models=("yealink/t31p",), settle_s=4.0),
    Fault("resets-itself", "The phone falls back to factory settings again and again.", "F8", addresses.resets_itself,
          Step.CONFIG, alone=True),
)  # fmt: skip

REGISTRATION = (
    Fault("wrong-secret", "The phone has a wrong password.", "G1", accounts.account(secret="wrong"), Step.REGISTRATION),
    Fault("unknown-extension", "The phone uses a number that the PBX does not know.", "G2",
          accounts.account(user="2999", auth_user="2999"), Step.REGISTRATION),
    Fault("acl", "The PBX's access list forbids the phone's address.", "G3", accounts.shut_out_by_pbx, Step.REGISTRATION),
    Fault("account-off", "The account is switched off in the phone's menu.", "G5", accounts.account_off, Step.REGISTRATION,
          floors=_ANSWERING),
    Fault("pushed-out", "A soft phone took the phone's place at the PBX.", "G6", accounts.pushed_out, Step.REGISTRATION,
          models=("yealink/t46u", "snom/d717", "snom/715", "yealink/t19p-e2")),
    Fault("logged-off", "Somebody logged the phone off.", "G9", accounts.logged_off, Step.REGISTRATION),
    Fault("expired", "The phone hangs, and its registration has run out.", "G10", accounts.stopped_refreshing,
          Step.REGISTRATION, floors=_ANSWERING, settle_s=9.0),
)  # fmt: skip

REACH = (
    Fault("one-way", "The PBX does not reach the phone.", "H2", accounts.phone_is(no_way_to_pbx=True), Step.REACH,
          floors=_ANSWERING),
    Fault("hung", "The phone hangs; it has power and link.", "H3", accounts.phone_is(hung=True), Step.REACH,
          floors=_ANSWERING),
    Fault("hung-filtered", "A phone that obeys its registrar only hangs.", "H3", accounts.phone_is(hung=True), Step.REACH,
          floors=(3,), also=("H11",),
          why="its silence to bellwire says nothing, so a broken way from the PBX looks the same"),
    Fault("filter", "The phone was told to obey its registrar only.", "H4", accounts.new_filter, Step.WELL, _N,
          floors=_ANSWERING),
    Fault("hidden", "A firewall keeps bellwire's questions from the phone.", "H5", accounts.phone_is(hidden=True), Step.WELL,
          _N, floors=_ANSWERING),
    Fault("overloaded", "The phone says that it is too busy.", "H8", accounts.answers(503), Step.WELL, _W, floors=_ANSWERING,
          covers=("one-way",), covers_why="a phone that is too busy leaves questions unanswered, the PBX's too"),
    Fault("impostor", "Another device answers at the phone's address.", "H9", accounts.other_agent, Step.WELL, _W,
          floors=_ANSWERING),
    Fault("adapter", "The phone runs from an adapter of its own.", "C3", power.plug(adapter=True), Step.WELL, _N,
          floors=_ANSWERING, settle_s=6.0),
    Fault("in-its-box", "The phone is in the inventory and not installed.", "J2", addresses.not_there, Step.POWER,
          Shows.ABSENT, spare=True),
)  # fmt: skip

MANY = (
    Fault("manager-closed", "The PBX does not let bellwire ask.", "A1", many.manager_closed, Step.GROUP, Shows.STANDING),
    Fault("pbx-stopped", "The PBX was stopped.", "A1", many.pbx_stopped, Step.GROUP, Shows.STANDING, also=("A2",),
          why="a PBX that is gone cannot be asked either; only phones that report could tell the two apart"),
    Fault("sip-lost", "No phone reaches the PBX any more.", "A2", many.way_to_pbx_gone, Step.GROUP, Shows.GROUP),
    Fault("switch-dead", "A switch has lost its power.", "A3", many.switch_dead, Step.GROUP, Shows.GROUP),
    Fault("supply", "A switch's power supply for PoE has failed.", "A4", many.supply_broken, Step.GROUP, Shows.GROUP),
    Fault("community", "A switch has got another community.", "A5", many.other_community, Step.GROUP, Shows.STANDING),
    Fault("dhcp", "No phone of a VLAN gets an address.", "A6", many.dhcp_gone, Step.GROUP, Shows.GROUP, floors=(3,)),
    Fault("model", "All phones of a model hang since their configuration was changed.", "A7", many.model_fails,
          Step.GROUP, Shows.GROUP, models=("snom/d120", "yealink/t31p", "fanvil/h5")),
    Fault("one-way-vlan", "The PBX reaches no phone of a VLAN.", "A10", many.no_way_for_vlan, Step.GROUP, Shows.GROUP,
          floors=(3,)),
)  # fmt: skip

SINGLE = (*POWER, *LINK, *PLACE, *ADDRESS, *CONFIG, *REGISTRATION, *REACH)
ALL = (*SINGLE, *MANY)
BY_ID = {fault.id: fault for fault in ALL}
