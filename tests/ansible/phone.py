"""Boots a simulated phone from a URL as a program of its own, in the server's network.

Usage: phone.py MAC MODEL URL   prints the account and registrar it learnt, as JSON
"""

from __future__ import annotations

import json
import sys

from web.simulated.fetching import fetch
from web.simulated.fleet import DEVICES

mac, model, url = sys.argv[1:]
phone = DEVICES[model](mac, fetch, "")
config = phone.boot(dhcp_url=url)
accounts = [(account.user, account.server) for account in config.accounts]
print(json.dumps({"accounts": accounts}))
