"""FastAGI: what a PBX asks is read, variables are set one after the other, the odd are refused."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress

import pytest

from monitors.guarding.agi import LIMIT, AgiError, AgiRequest, AgiServer, commands, read_request

QUESTION = (
    "agi_network: yes\nagi_network_script: outgoing\nagi_request: agi://127.0.0.1/outgoing\n"
    "agi_channel: PJSIP/2214-00000001\nagi_callerid: 2214\nagi_arg_1: aurora\nagi_arg_2: 17.3-1\n"
    "agi_arg_3: 2214\nagi_arg_4: 0034912345678\n\n"
)


async def _read(text: str) -> AgiRequest:
    reader = asyncio.StreamReader(limit=LIMIT)
    reader.feed_data(text.encode())
    reader.feed_eof()
    return await read_request(reader, "127.0.0.1")


def read(text: str) -> AgiRequest:
    return asyncio.run(_read(text))


def test_a_question_is_read() -> None:
    asked = read(QUESTION)
    assert (asked.script, asked.peer) == ("outgoing", "127.0.0.1")
    assert asked.arguments == ("aurora", "17.3-1", "2214", "0034912345678")
    assert asked.headers["callerid"] == "2214"


def test_an_argument_that_is_left_out_is_empty() -> None:
    assert read("agi_network_script: over\nagi_arg_1: a\nagi_arg_3: c\n\n").arguments == (
        "a",
        "",
        "c",
    )


@pytest.mark.parametrize("text", ["GET / HTTP/1.1\r\n\r\n", "agi_network: yes\n", "x" * 10, ""])
def test_what_is_no_agi(text: str) -> None:
    with pytest.raises(AgiError):
        read(text)


def test_a_peer_that_never_ends() -> None:
    with pytest.raises(AgiError, match="bytes"):
        read("agi_x: y\n" * 3000)


def test_plain_values_are_set_together_and_odd_ones_are_quoted() -> None:
    variables = {"BW_TO": "+34912345678", "BW_CALLER": 'a "b" \\ ${X},', "BW_VERDICT": "dial"}
    assert commands(variables) == [
        b'SET VARIABLE BW_CALLER "a \\"b\\" \\\\ ${X},"\n',
        b'EXEC MSet "BW_TO=+34912345678,BW_VERDICT=dial"\n',
    ]
    assert commands({}) == []
    with pytest.raises(ValueError, match="cannot be set"):
        commands({"BW_TO": "a\nANSWER"})


async def _talk(
    variables: Mapping[str, str], answers: list[bytes], *, admitted: bool = True
) -> tuple[list[bytes], list[AgiRequest]]:
    asked: list[AgiRequest] = []

    async def answer(request: AgiRequest) -> Mapping[str, str]:
        asked.append(request)
        return variables

    server = AgiServer(answer, lambda _: admitted)
    host, port = await server.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(QUESTION.encode())
    heard = []
    with suppress(ConnectionResetError):
        for text in answers:
            heard.append(await reader.readline())
            writer.write(text)
        heard.append(await reader.read())
    with suppress(ConnectionResetError):
        writer.close()
        await writer.wait_closed()
    await server.close()
    return heard, asked


def test_a_question_of_which_nobody_waits_for_the_answer_is_not_decided() -> None:
    """As it lies there when a guard that hung goes on: the PBX has long decided by itself."""

    async def talk() -> list[AgiRequest]:
        asked: list[AgiRequest] = []

        async def answer(request: AgiRequest) -> Mapping[str, str]:
            asked.append(request)
            return {}

        server = AgiServer(answer, lambda _: True)
        address = await server.start("127.0.0.1", 0)
        with socket.create_connection(address) as pbx:  # the server has no turn before it is closed
            pbx.sendall(QUESTION.encode())
        reader, writer = await asyncio.open_connection(*address)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        await server.close()
        return asked

    assert asyncio.run(talk()) == []


VARIABLES = {"BW_CALLER": "a b", "BW_TO": "+34912345678", "BW_VERDICT": "dial"}


def test_the_verdict_is_set_last() -> None:
    heard, asked = asyncio.run(_talk(VARIABLES, [b"HANGUP\n200 result=1\n", b"200 result=0\n"]))
    assert heard == [
        b'SET VARIABLE BW_CALLER "a b"\n',
        b'EXEC MSet "BW_TO=+34912345678,BW_VERDICT=dial"\n',
        b"",
    ]
    assert asked[0].script == "outgoing"


def test_the_verdict_is_not_set_when_something_before_it_failed() -> None:
    heard, _ = asyncio.run(_talk(VARIABLES, [b"510 Invalid or unknown command\n"]))
    assert len(heard) == 2
    assert heard[1] == b""


def test_a_stranger_hears_nothing() -> None:
    heard, asked = asyncio.run(_talk({"BW_VERDICT": "dial"}, [], admitted=False))
    assert not any(heard)
    assert asked == []
