"""How the simulated PBX is asked who is registered: ``ul.dump`` by JSON-RPC, as Kamailio has it."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from web.simulated.registrar import RegisteredContact, Registrar

PATH = "/RPC"
_METHOD = "ul.dump"
_UNKNOWN_METHOD = -32601  # JSON-RPC 2.0, 5.1


class RegistrarRpc:
    """Answers for a simulated PBX, in a thread of its own.

    Args:
        registrar: whose contacts are told.
        port: TCP port on 127.0.0.1; 0 takes a free one.

    Raises:
        OSError: the port cannot be had.
    """

    def __init__(self, registrar: Registrar, port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                _answer(self, registrar)

            def log_message(self, *_: object) -> None:
                """Say nothing: it is asked once a minute."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="rpc", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop to answer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answer(request: BaseHTTPRequestHandler, registrar: Registrar) -> None:
    length = int(request.headers.get("Content-Length") or 0)
    try:
        asked = json.loads(request.rfile.read(min(length, 65_536)))
    except ValueError:
        asked = None
    told: dict[str, Any] = {"jsonrpc": "2.0", "id": None}
    is_known = isinstance(asked, dict) and asked.get("method") == _METHOD
    if isinstance(asked, dict):
        told["id"] = asked.get("id")
    if is_known:
        told["result"] = dump(registrar.contacts(), datetime.now(UTC))
    else:
        told["error"] = {"code": _UNKNOWN_METHOD, "message": "Method Not Found"}
    body = json.dumps(told).encode()
    request.send_response(200 if is_known and request.path == PATH else 404)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def dump(contacts: list[RegisteredContact], now: datetime) -> dict[str, Any]:
    """Return contacts in the shape of Kamailio's usrloc."""
    records: dict[str, list[dict[str, Any]]] = {}
    for contact in contacts:
        host, port = contact.address
        row = {
            "Address": contact.uri,
            "Received": f"sip:{host}:{port}",
            "User-Agent": contact.user_agent,
            "Expires": round((contact.expires_at - now).total_seconds()),
        }
        records.setdefault(contact.extension, []).append({"Contact": row})
    infos = [{"Info": {"AoR": e, "Contacts": rows}} for e, rows in sorted(records.items())]
    return {"Domains": [{"Domain": {"Domain": "location", "AoRs": infos}}]}
