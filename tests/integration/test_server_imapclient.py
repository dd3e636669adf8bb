"""imapclient with our server: IDLE, CONDSTORE, MOVE, SORT, THREAD, special mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from imapclient import IMAPClient

from localserver.local import LocalServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = b"From: a@example.org\r\nSubject: %b\r\nMessage-ID: <%b@x>\r\n\r\nbody\r\n"


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer({"alice": "secret"}) as server:
        yield server


@pytest.fixture
def client(server: LocalServer) -> Iterator[IMAPClient]:
    with IMAPClient("localhost", server.ports["imaps"], ssl_context=server.ssl_context) as client:
        client.login("alice", "secret")
        yield client


def test_idle_tells_of_new_mail(server: LocalServer, client: IMAPClient) -> None:
    client.select_folder("INBOX")
    client.idle()
    server.deliver("alice", PLAIN % (b"new", b"1"))
    assert (1, b"EXISTS") in client.idle_check(timeout=20)
    client.idle_done()


def test_special_mailboxes_are_found_by_their_use(client: IMAPClient) -> None:
    assert client.find_special_folder(b"\\Sent") == "Sent"
    assert client.namespace().personal == (("", "/"),)


def test_envelopes_flags_moves_sorting_and_threads(server: LocalServer, client: IMAPClient) -> None:
    for name in (b"b", b"a", b"c"):
        server.deliver("alice", PLAIN % (name, name))
    client.select_folder("INBOX")
    assert client.sort("SUBJECT") == [2, 1, 3]
    assert client.thread() == ((1,), (2,), (3,))
    fetched = client.fetch([1, 2, 3], ["ENVELOPE", "FLAGS", "BODYSTRUCTURE", "INTERNALDATE"])
    assert fetched[2][b"ENVELOPE"].subject == b"a"
    client.add_flags([1], [b"\\Flagged", b"$Work"])
    assert set(client.get_flags([1])[1]) >= {b"\\Flagged", b"$Work"}
    client.move([1, 3], "Archive")
    assert client.search() == [2]
    client.select_folder("Archive")
    assert len(client.search(["FLAGGED"])) == 1


def test_names_in_other_letters(client: IMAPClient) -> None:
    client.create_folder("Entwürfe/日本語")
    assert "Entwürfe/日本語" in [name for _, _, name in client.list_folders()]
    client.rename_folder("Entwürfe", "R&D")
    assert "R&D/日本語" in [name for _, _, name in client.list_folders()]
    client.delete_folder("R&D/日本語")


def test_quota_and_status(client: IMAPClient) -> None:
    status = client.folder_status("INBOX", ["MESSAGES", "UIDNEXT", "HIGHESTMODSEQ"])
    assert status[b"MESSAGES"] == 0
    assert client.get_quota_root("INBOX")[0].quota_roots == [""]
