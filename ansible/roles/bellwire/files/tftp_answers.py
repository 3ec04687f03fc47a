"""Ask a TFTP server for a file that no phone has: the refusal says that it is well (RFC 1350)."""

import socket
import sys

ERROR = b"\0\5"

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as asking:
    asking.settimeout(3)
    asking.sendto(b"\0\1health\0octet\0", (host, port))
    try:
        answer = asking.recv(600)
    except OSError as problem:
        sys.exit(f"TFTP on {host}:{port}: {problem}")
if not answer.startswith(ERROR):
    sys.exit(f"TFTP on {host}:{port}: what answers is not bellwire")
