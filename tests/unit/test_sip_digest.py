"""Digest answers against the examples of the RFCs."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.sip.digest import (
    Challenge,
    Credentials,
    NonceUse,
    authorization,
    first_answerable,
    parse_challenge,
)
from provisioner.sip.message import MalformedMessageError

MUFASA = Credentials("Mufasa", "Circle of Life")


def response_of(header: str) -> str:
    found = re.search(r'\bresponse="([0-9a-f]+)"', header)
    assert found
    return found[1]


def test_rfc_2617_section_3_5() -> None:
    challenge = parse_challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    header = authorization(
        challenge,
        Credentials("Mufasa", "Circle Of Life"),
        "GET",
        "/dir/index.html",
        NonceUse(1, "0a4f113b"),
    )
    assert response_of(header) == "6629fae49393a05397450978507c4ef1"
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header
    assert "qop=auth, nc=00000001" in header
    assert "algorithm" not in header


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, expected: str) -> None:
    challenge = parse_challenge(
        f'Digest realm="http-auth@example.org",qop="auth, auth-int",algorithm={algorithm},'
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    use = NonceUse(1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    header = authorization(challenge, MUFASA, "GET", "/dir/index.html", use)
    assert response_of(header) == expected
    assert f"algorithm={algorithm}" in header


def test_without_qop_the_form_of_rfc_2069_is_used() -> None:
    # The example of RFC 2069 section 2.4 with the response of its erratum 749.
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093")
    header = authorization(
        challenge, Credentials("Mufasa", "CircleOfLife"), "GET", "/dir/index.html"
    )
    assert response_of(header) == "1949323746fe6a43ef61f9606e7febea"
    assert "qop" not in header
    assert "cnonce" not in header


def test_first_known_algorithm_is_taken() -> None:
    values = [
        'Digest realm="r", nonce="1", algorithm=SHA-512-256',
        'Digest realm="r", nonce="2", algorithm=SHA-256',
        'Digest realm="r", nonce="3", algorithm=MD5',
    ]
    challenge = first_answerable(values)
    assert challenge is not None
    assert challenge.nonce == "2"
    assert first_answerable(values[:1]) is None
    assert first_answerable([]) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic realm=x",
        "Digest",
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r", nonce="n", algorithm=MD5-sess',
        'Digest realm="r" nonce="n"',
        'Digest realm="r", nonce="open',
        'Digest realm="r\nX: y", nonce="n"',
    ],
)
def test_challenges_that_cannot_be_answered(value: str) -> None:
    with pytest.raises(MalformedMessageError):
        parse_challenge(value)


@given(st.text(max_size=80))
def test_random_challenges_raise_nothing_else(text: str) -> None:
    for value in (text, f"Digest {text}", f'Digest realm="r", nonce="n", {text}'):
        with suppress(MalformedMessageError):
            parse_challenge(value)


def test_user_names_are_quoted_and_checked() -> None:
    challenge = Challenge("r", "n")
    quoted = authorization(challenge, Credentials('a"b\\', "x"), "REGISTER", "sip:pbx")
    assert 'username="a\\"b\\\\"' in quoted
    with pytest.raises(MalformedMessageError):
        authorization(challenge, Credentials("a\r\nb", "x"), "REGISTER", "sip:pbx")


def test_password_is_not_shown() -> None:
    assert "Circle" not in repr(MUFASA)
