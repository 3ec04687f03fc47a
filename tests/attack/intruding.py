"""Ways in that are no guesses: paths, headers, forged addresses, stolen tokens, strings of phones."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from tests.attack.guessing import REFUSAL, Finding
from tests.attack.stage import FOREIGN_MAC, OUTSIDE, Stage
from tests.integration.servers import DEVICE_FILE, FANVIL, SNOM, YEALINK, wait_for

MARK = "<script>alert(7310)</script>"
STRINGS = (
    MARK, "\"><img src=x onerror=alert(7310)>", "'><svg/onload=alert(7310)>", "{{7*7310}}${7*7310}",
    "=cmd|'/C calc'!A0", "+1+1", "@SUM(1)", "x%0d%0aaccount.1.password = evil7310", "javascript:alert(7310)",
    "x</P_VALUE><P_VALUE>evil7310", "#exec /bin/evil7310", "\u202eevil7310", "\x1b[31mevil7310",
)  # fmt: skip
"""What a phone may call itself."""


def exchange(port: int, data: bytes, source: str = "127.0.0.1", wait_s: float = 1.0) -> bytes:
    """All that is answered to raw bytes until nothing more comes."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as line:
        line.sendall(data)
        line.settimeout(wait_s)
        with suppress(TimeoutError, ConnectionError):
            while part := line.recv(65536):
                got += part
    return got


def _get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: prov.example", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8")


def paths_out() -> Iterator[str]:
    """Paths that lead out of where files are, in every spelling."""
    ups = (
        "../",
        "..%2f",
        "%2e%2e/",
        "%2e%2e%2f",
        "..\\",
        "..%5c",
        "....//",
        "..;/",
        "%252e%252e%252f",
        "..%c0%af",
        ".%00./",
    )
    ends = ("etc/passwd", "bellwire.db", "secret.key", "data/bellwire.db", "proc/self/environ")
    for up in ups:
        for end in ends:
            yield from (up * 3 + end, up * 8 + end)
    yield from (
        "/etc/passwd",
        "//etc/passwd",
        "file:///etc/passwd",
        "\\\\host\\share",
        "C:\\boot.ini",
        "x\0.cfg",
    )


def traversal(stage: Stage) -> Finding:
    """Paths out, below nothing, below a real token and below the pages' files; HTTP and TFTP."""
    found = Finding("path traversal")
    token = stage.tokens[FANVIL]
    for path in paths_out():
        for below in ("/", f"/p/{token}/", "/ui/static/", "/labels/"):
            raw = f"GET {below}{path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode(
                "latin-1"
            )
            _judge(stage, found, below + path, exchange(stage.server.http_port, raw))
        for name in (path, f"p/{token}/{path}"):
            packet = b"\0\1" + name.replace("\0", "").encode() + b"\0octet\0"
            _judge(stage, found, f"tftp {name}", _datagram(stage.server.tftp_port, packet))
    return found


def _datagram(port: int, data: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(5)
        line.sendto(data, ("127.0.0.1", port))
        return line.recv(2048)


def _judge(stage: Stage, found: Finding, what: str, answer: bytes) -> None:
    found.tried += 1
    status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/") else answer[:4].hex()
    found.answers[status] += 1
    own = stage.tokens[FANVIL].encode()  # a page may send a path back, if at all
    body = answer.partition(b"\r\n\r\n")[2].replace(own, b"")
    if b"root:" in body or b"SQLite" in body or stage.leaks(body):
        found.leak(f"{what[:80]}: {body[:60]!r}")
    if status in {"200", "500", "0003"}:
        found.leak(f"{what[:80]}: {status}")


def _smuggled(mark: str) -> list[bytes]:
    """Requests in which two servers may see two different ends; the second asks for ``mark``."""
    inner = f"GET /{mark} HTTP/1.1\r\nHost: h\r\n\r\n"
    top = "GET / HTTP/1.1\r\nHost: prov.example\r\n"
    post = "POST /ui/sign-in HTTP/1.1\r\nHost: prov.example\r\n"
    size = f"Content-Length: {len(inner)}\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"
    forms = [
        f"{post}{size}{chunked}\r\n0\r\n\r\n{inner}",
        f"{post}{chunked}{size}\r\n0\r\n\r\n{inner}",
        f"{post}Content-Length: 0\r\n{size}\r\n{inner}",
        f"{post}{size}Content-Length: 0\r\n\r\n{inner}",
        f"{post}Content-Length: 0, {len(inner)}\r\n\r\n{inner}",
        f"{post}Content-Length : {len(inner)}\r\n\r\n{inner}",
        f"{post}Content-Length: +{len(inner)}\r\n\r\n{inner}",
        f"{post}Content-Length: 0x0\r\n\r\n{inner}",
        f"{post}Transfer-Encoding : chunked\r\n{size}\r\n0\r\n\r\n{inner}",
        f"{post}Transfer-Encoding: xchunked\r\n{size}\r\n{inner}",
        f"{post}Transfer-Encoding: chunked, identity\r\n{size}\r\n0\r\n\r\n{inner}",
        f"{post}Transfer-Encoding:\x0bchunked\r\n{size}\r\n0\r\n\r\n{inner}",
        f"{post}Transfer-Encoding\n: chunked\r\n{size}\r\n0\r\n\r\n{inner}",
        f"{post}X: y\r\n {chunked}{size}\r\n0\r\n\r\n{inner}",
        f"{post}{chunked}\r\n0;x=\n{inner}\r\n\r\n",
        f"{post}{chunked}\r\n0\n\n{inner}",
        f"{post}{chunked}\r\nfffffffffffffffff0\r\n\r\n{inner}",
        f"{top}{size}\r\n{inner}",
        f"{top}X-A: b\rContent-Length: 0\r\n\r\n",
        f"{top}X-A: b\n\nGET /{mark} HTTP/1.1\r\nHost: h\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: prov.example\r\nX: y\r\n\tGET /{mark} HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\nHost: prov.example\n\nGET /{mark} HTTP/1.1\nHost: h\n\n",
        f"GET http://other/{mark} HTTP/1.1\r\nHost: prov.example\r\nHost: h\r\n\r\n",
        f"GET / HTTP/0.9\r\n\r\n{inner}",
        f"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\nGET /{mark} HTTP/1.1\r\n\r\n",
        f"{top}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n\r\n{inner}",
    ]  # fmt: skip
    return [form.encode("latin-1") for form in forms]


def smuggling(stage: Stage) -> Finding:
    """Hidden requests: what nginx lets through as one request must not be two for bellwire.

    nginx itself may see two, and pass on two: then both are its own, with the headers that it sets.
    """
    found = Finding("header smuggling through nginx, and directly")
    seen_by_nginx = 0
    for way, port in enumerate((stage.proxy, stage.server.http_port)):
        for number in range(len(_smuggled(""))):
            mark = f"805ec073{way:02d}{number:02x}.cfg"
            answer = exchange(port, _smuggled(mark)[number], OUTSIDE, 0.4)
            found.tried += 1
            found.answers[answer[9:12].decode("latin-1") or "silence"] += 1
            if stage.leaks(answer):
                found.leak(f"form {number}: a secret")
            stage.marks.append(mark)
    time.sleep(1)  # the fetch log is written every quarter of a second
    access = stage.server.folder.path.parent / "nginx" / "bellwire.log"
    seen = access.read_text(errors="replace")
    for row in stage.server.folder.fetches("path like '/805ec073%'"):
        mark, address = row["path"][1:], row["address"]
        if mark not in stage.marks:  # a guess of another attack that looks like it
            continue
        if address != OUTSIDE:
            found.leak(f"{mark} is taken for a request of {address}")
        if mark[8:10] == "00":  # by nginx
            if mark not in seen:
                found.leak(f"{mark} was asked behind nginx's back")
            seen_by_nginx += 1
    found.told = f"{seen_by_nginx} of them were two requests for nginx as well, and so for bellwire"
    return found


FORGED = (
    "X-Forwarded-For: {ok}", "X-Forwarded-For: {ok}, 127.8.0.1", "X-Real-IP: {ok}", "Forwarded: for={ok}",
    "X-Forwarded-For: {ok}\r\nX-Forwarded-For: {ok}", "True-Client-IP: {ok}", "X-Forwarded-for:{ok}",
    "X_Forwarded_For: {ok}", "X-Forwarded-For: ::ffff:{ok}", "X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-S-DN: CN={mac}",
    "X_SSL_Client_Verify: SUCCESS\r\nX_SSL_Client_S_DN: CN={mac}", "X-Original-URL: /p/{token}/{name}", "X-Rewrite-URL: /p/{token}/{name}",
)  # fmt: skip


def forged_addresses(stage: Stage) -> Finding:
    """Headers about somebody else, from outside the site: with a stolen token, and as the phone."""
    found = Finding("forged X-Forwarded-For and client certificates")
    names = {"ok": "127.0.0.1", "mac": FANVIL, "token": "x" * 26, "name": DEVICE_FILE[FANVIL]}
    wanted = [f"/p/{stage.tokens[FANVIL]}/{DEVICE_FILE[FANVIL]}", f"/{DEVICE_FILE[FANVIL]}"]
    for port in filter(None, (stage.server.http_port, stage.proxy)):
        for path in wanted:
            for header in FORGED:
                answer = exchange(port, _get(path, header.format(**names)), OUTSIDE)
                _refused(found, stage, f"port {port}, {header}", answer)
        agent = f"forged-{port}"
        exchange(
            port,
            _get("/0c383e730001.cfg", f"User-Agent: {agent}", "X-Forwarded-For: 127.0.0.1"),
            OUTSIDE,
        )
        rows = _logged(stage, f"agent = '{agent}'")
        found.tried += 1
        if [row["address"] for row in rows] != [OUTSIDE]:
            found.leak(f"the log has {[row['address'] for row in rows]}")
    return found


def _logged(stage: Stage, where: str) -> list[dict[str, object]]:
    wait_for("it is written down", lambda: bool(stage.server.folder.fetches(where)))
    return stage.server.folder.fetches(where)


def _refused(found: Finding, stage: Stage, what: str, answer: bytes) -> None:
    found.tried += 1
    found.answers[answer[9:12].decode("latin-1")] += 1
    body = answer.partition(b"\r\n\r\n")[2]
    if not answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")) or stage.leaks(body):
        found.leak(f"{what}: {answer[:60]!r}")
    elif answer.startswith(b"HTTP/1.1 404") and body != REFUSAL:
        found.leak(f"{what}: another refusal: {body[:60]!r}")


def replay(stage: Stage) -> Finding:
    """Tokens that were overheard, used from networks that are not their site's, and for others."""
    found = Finding("tokens replayed from other networks and for other phones")
    for mac, name in (
        (YEALINK, DEVICE_FILE[YEALINK]),
        (FANVIL, DEVICE_FILE[FANVIL]),
        (SNOM, DEVICE_FILE[SNOM]),
    ):
        for source in (OUTSIDE, "127.1.0.1", "127.255.255.254"):
            answer = exchange(
                stage.server.http_port, _get(f"/p/{stage.tokens[mac]}/{name}"), source
            )
            _refused(found, stage, f"{mac} from {source}", answer)
        for other in set(DEVICE_FILE) - {mac}:
            answer = exchange(
                stage.server.http_port, _get(f"/p/{stage.tokens[mac]}/{DEVICE_FILE[other]}")
            )
            _refused(found, stage, f"{mac} for {other}", answer)
    # the other hotel's own token, which its networks alone may use
    for name in (f"{FOREIGN_MAC}.cfg", DEVICE_FILE[FANVIL], "phonebook.xml", "event?e=boot"):
        answer = exchange(stage.server.http_port, _get(f"/p/{stage.tokens[FOREIGN_MAC]}/{name}"))
        _refused(found, stage, f"the other hotel's token for {name}", answer)
    return found


def strings_of_phones(stage: Stage) -> Finding:
    """User-Agents, names and action URLs as no phone would send them; nothing is answered yet."""
    found = Finding("strings of phones into pages, files, logs and lists")
    port, token = stage.server.http_port, stage.tokens[FANVIL]
    for number, text in enumerate(STRINGS):
        agents: Iterable[str] = (
            f"Fanvil H5 {text} 0c383e0f{number:04x}",
            f"Yealink SIP-T46U {text} 80:5e:c0:0f:00:{number:02x}",
            text,
        )
        for agent in agents:
            header = f"User-Agent: {agent}".replace("\u202e", "\u202e")
            for path in (f"/0c383e0f{number:04x}.cfg", f"/p/{token}/{DEVICE_FILE[FANVIL]}"):
                answer = exchange(port, _get(path, header))
                found.tried += 1
                found.answers[answer[9:12].decode("latin-1")] += 1
        for query in (f"e=boot&ip={text}&user={text}&firmware={text}", f"e={text}"):
            safe = query.replace(" ", "%20").replace("\u202e", "%E2%80%AE").replace("\x1b", "%1b")
            answer = exchange(port, _get(f"/p/{token}/event?{safe}"))
            found.tried += 1
            found.answers[answer[9:12].decode("latin-1")] += 1
    return found
