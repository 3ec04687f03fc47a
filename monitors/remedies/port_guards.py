"""The guards of a switch port that is to be written to. Pure."""

from __future__ import annotations

from monitors.evidence import FRESH_S
from monitors.places import Place
from monitors.remedies.case import Case, Verdict, Word
from monitors.remedies.kinds import Remedy
from monitors.signals import Mapping, PortPower, SwitchState, Whereabouts
from monitors.topology import is_uplink

_FAULTY = frozenset(
    {PortPower.DENIED, PortPower.OVERLOAD, PortPower.SHORT, PortPower.FAULT, PortPower.HARDWARE}
)


def switch(case: Case) -> Word:
    """Whether the switch can be read, and is read whole."""
    read = case.switch
    if read is None:
        return Verdict.REFUSED, "no switch is known to feed this phone"
    if read.state is not SwitchState.UP:
        why = read.failure.text if read.failure else str(read.state)
        return Verdict.REFUSED, f"{read.name} cannot be read: {why}"
    if read.failure is not None:
        return Verdict.REFUSED, f"the reading of {read.name} broke off: {read.failure.text}"
    return Verdict.OK, f"{read.name} was read just now"


def port(case: Case) -> Word:
    """Whether it is certain which port feeds the phone."""
    located, fed_by = case.located, case.port
    if located is None or fed_by is None:
        return Verdict.REFUSED, "which port feeds this phone is not known"
    place = f"port {fed_by.name or fed_by.if_index}"
    if located.whereabouts is Whereabouts.TWO_PLACES:
        others = ", ".join(f"{p.switch} {p.port or p.if_index}" for p in located.also_at)
        return Verdict.REFUSED, f"it was seen on {place} and on {others}"
    if fed_by.mapping is not Mapping.PROVEN:
        power = ".".join(map(str, fed_by.pse)) if fed_by.pse else "none"
        return (
            Verdict.REFUSED,
            f"that power port {power} is {place} is {fed_by.mapping}, not proven",
        )
    if located.place is None:
        return _remembered(case, place)
    if located.mapping is not Mapping.PROVEN:
        return Verdict.REFUSED, f"that it hangs on {place} is {located.mapping}, not proven"
    return Verdict.OK, f"LLDP or CDP names it on {place}"


def _remembered(case: Case, place: str) -> Word:
    """Nobody sees it now: where it was seen last counts, for a day."""
    memory, located = case.memory, case.located
    if memory is None or located is None or located.since_s is None:
        return Verdict.REFUSED, "it was never seen on any port"
    hours = located.since_s / 3600
    if memory.mapping is not Mapping.PROVEN:
        return Verdict.REFUSED, f"seen last on {place} {hours:.1f} h ago, {memory.mapping} only"
    if located.since_s > FRESH_S["mapping"] and case.remedy is Remedy.POE_CYCLE:
        return Verdict.REFUSED, f"seen last on {place} {hours:.0f} h ago; 24 h at most"
    return Verdict.OK, f"proven on {place} until {hours:.1f} h ago, and seen nowhere since"


def foreign(case: Case) -> Word:
    """Everybody on the port must be the phone itself."""
    socket = case.port
    if socket is None:
        return Verdict.REFUSED, "nobody knows who else hangs on its port"
    known = {case.phone.mac, *case.neighbours}
    is_heard = any(n.mac == case.phone.mac for n in socket.neighbours)
    named = [
        n.name or n.description or str(n.mac or "a device")
        for n in socket.neighbours
        # a phone that names no address beside this one is this one, by another protocol
        if n.mac not in known and not (n.mac is None and n.is_phone and is_heard)
    ]
    learned = [seen.mac.colons for seen in socket.learned if seen.mac not in known]
    strangers = list(dict.fromkeys([*named, *learned]))
    if strangers:
        return Verdict.REFUSED, f"something else hangs on its port: {', '.join(strangers[:4])}"
    others = [case.neighbours[mac][0] for mac in case.others()]
    if others:
        is_there = is_heard or any(seen.mac == case.phone.mac for seen in socket.learned)
        verdict = Verdict.CONFIRM if is_there else Verdict.REFUSED
        return verdict, f"another phone hangs on its port: {', '.join(others)}"
    if not case.sees_macs:
        return Verdict.CONFIRM, "the switch does not tell which addresses it has learned"
    return Verdict.OK, f"nobody else on its port ({len(socket.learned)} addresses learned)"


def uplink(case: Case) -> Word:
    """Whether the port leads to other devices."""
    socket = case.port
    if socket is None or case.switch is None:
        return Verdict.REFUSED, "its port is not known"
    bridges = [n.name or "a switch" for n in socket.neighbours if n.is_bridge and not n.is_phone]
    if bridges:
        return Verdict.REFUSED, f"a switch, router or access point: {', '.join(bridges)}"
    place = Place(case.switch.name, socket.if_index or 0)
    if place in case.uplinks or is_uplink(socket):
        crowd = len({seen.mac for seen in socket.learned})
        return Verdict.REFUSED, f"it leads to other devices ({crowd} addresses learned)"
    return Verdict.OK, "no switch, router or access point on it"


def own(case: Case) -> Word:
    """The branch that bellwire itself sits on."""
    socket = case.port
    if socket is None or case.switch is None:
        return Verdict.REFUSED, "its port is not known"
    macs = {n.mac for n in socket.neighbours if n.mac} | {seen.mac for seen in socket.learned}
    addresses = {n.ip for n in socket.neighbours if n.ip}
    addresses |= {ip for mac, ip in case.switch.addresses.items() if mac in macs}
    mine = [m.colons for m in macs & case.host.macs] + sorted(addresses & case.host.addresses)
    if mine:
        return Verdict.REFUSED, f"this machine itself hangs on it ({', '.join(mine)})"
    return Verdict.OK, f"not this machine's port ({len(case.host.macs)} own addresses compared)"


def power(case: Case) -> Word:
    """Whether taking power away there would restart the phone."""
    socket = case.port
    if socket is None:
        return Verdict.REFUSED, "its port is not known"
    watts = "" if socket.power_mw is None else f", {socket.power_mw / 1000:.1f} W"
    told = f"{socket.state}{watts}"
    if case.remedy is Remedy.POE_ON:
        is_off = socket.admin is False or socket.state is PortPower.OFF
        return (Verdict.OK, "PoE is off") if is_off else (Verdict.REFUSED, f"it is on: {told}")
    if socket.admin is False or socket.state is PortPower.OFF:
        return Verdict.REFUSED, "PoE is switched off there by somebody; poe-on switches it on"
    if socket.state is PortPower.DELIVERING:
        return Verdict.OK, told
    if socket.state in _FAULTY or socket.state is PortPower.UNKNOWN:
        return Verdict.CONFIRM, f"the port does not feed it: {told}"
    return Verdict.REFUSED, f"the port feeds nobody, so it cannot restart the phone: {told}"


def limit(case: Case) -> Word:
    """Whether the limits of port and switch allow it."""
    if case.limit:
        return Verdict.REFUSED, case.limit
    return Verdict.OK, "not this port in 10 min, fewer than 5 of the switch in 1 min"


ALL = (
    ("switch", switch),
    ("port", port),
    ("foreign", foreign),
    ("uplink", uplink),
    ("own-port", own),
    ("power", power),
    ("limit", limit),
)
