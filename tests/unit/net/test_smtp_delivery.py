from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.smtp_delivery import SendOptions
from tests.helpers.smtp_server import FULL, NO_CHUNKING, FakeServer, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


FROM, TO = "a@b.example", ["c@d.example"]


@pytest.mark.parametrize("keywords", [FULL, NO_CHUNKING], ids=["bdat", "data"])
async def test_tls_optional_puts_its_field_before_the_message_once(
    keywords: dict[str, tuple[str, ...]],
) -> None:
    server = FakeServer(keywords=keywords)
    client = await client_of(server)
    options = SendOptions(tls_optional=True)

    async def stream() -> AsyncIterator[bytes]:
        yield b"Subject: x\r\n\r\n"

    field = b"TLS-Required: No\r\n"
    for message in (b"Subject: x\r\n\r\n", field + b"Subject: x\r\n\r\n", stream()):
        assert (await client.send(FROM, TO, message, options=options)).accepted
    assert {each.octets for each in server.messages} == {field + b"Subject: x\r\n\r\n"}
    await client.quit()
