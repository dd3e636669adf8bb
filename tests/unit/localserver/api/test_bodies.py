"""Values of requests."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from localserver.api.bodies import json_object, number, text
from localserver.api.problem import ProblemError


def test_a_text_that_is_missing_or_none_is_named() -> None:
    assert text({"a": "b"}, "a") == "b"
    assert text({}, "a", default="") == ""
    with pytest.raises(ProblemError, match="'a'"):
        text({}, "a")
    with pytest.raises(ProblemError, match="'a'"):
        text({"a": 1}, "a")


@pytest.mark.parametrize("given", ["many", "nan", "inf", "-inf", "1e999"])
def test_what_is_no_number_of_a_query_is_named(given: str) -> None:
    with pytest.raises(ProblemError, match="'limit' is no number") as caught:
        number(make_mocked_request("GET", f"/?limit={given}"), "limit", 1)
    assert caught.value.status == 400
    assert number(make_mocked_request("GET", "/?limit=2"), "limit", 1) == 2
    assert number(make_mocked_request("GET", "/"), "limit", 1) == 1


@pytest.mark.parametrize("octets", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": "\xe4"}'])
async def test_a_body_that_is_no_json_is_told_so(octets: bytes) -> None:
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**20)
    stream.feed_data(octets)
    stream.feed_eof()
    headers = {"Content-Length": str(len(octets)), "Content-Type": "text/plain; charset=no-such"}
    request = make_mocked_request("PUT", "/", headers=headers, payload=stream)
    with pytest.raises(ProblemError, match="The body is no JSON") as caught:
        await json_object(request)
    assert caught.value.status == 400
