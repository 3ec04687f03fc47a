"""Giving up what a process may do, once its sockets are open (Linux, capabilities(7)).

A packet socket that is open needs no capability any more. So the process that reads what
strangers send holds none, and is nobody.
"""

from __future__ import annotations

import ctypes
import os
import pwd

NOBODY = "nobody"
_NOBODY_ID = 65534
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 24, 38, 47
_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64


def give_up(user: str = NOBODY) -> None:
    """Drop all capabilities for ever, and become ``user`` when this is root.

    Raises:
        OSError: it cannot be done; the process must not go on then.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(_MOST_CAPABILITIES):  # those that do not exist, or may not be dropped
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)
    if os.geteuid() == 0:
        uid, gid = _ids(user)
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    libc.prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)  # there may be none to clear
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _must(libc, libc.capset(header, (ctypes.c_uint32 * 6)()))
    _must(libc, libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _ids(user: str) -> tuple[int, int]:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return _NOBODY_ID, _NOBODY_ID
    return entry.pw_uid, entry.pw_gid


def _must(_libc: ctypes.CDLL, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"privileges cannot be given up: {os.strerror(number)}")
