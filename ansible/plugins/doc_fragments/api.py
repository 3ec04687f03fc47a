# MIT License (see LICENSE in the root of the project)
"""What everything that talks to bellwire's API takes."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules and of the inventory plugin."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Where bellwire is, such as V(https://prov.aurora.example), without the path of the API.
    type: str
    required: true
  token:
    description:
      - A token of bellwire's API, as C(bellwire tokens) makes it.
      - Keep it in a vault, or in the environment of the control node.
    type: str
    required: true
  validate_certs:
    description:
      - Whether the server's certificate is verified.
      - A certificate that signs itself is better named in O(ca_path).
    type: bool
    default: true
  ca_path:
    description:
      - A file of authorities that the server's certificate is verified against.
    type: path
  timeout:
    description:
      - Seconds to wait for an answer.
    type: int
    default: 30
"""
