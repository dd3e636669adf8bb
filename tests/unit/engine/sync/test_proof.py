"""Proof: a tagged OK proves no copy; COPYUID of the right mailbox does, or the digests there."""

from __future__ import annotations

from desktopmail.engine.sync import proof
from desktopmail.mime.header import digest_of
from desktopmail.wire.imap.codes import CopyUid
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device
from tests.helpers.store import bare, mail


def digest(number: int) -> bytes:
    return bytes.fromhex(digest_of(mail(number)))


def test_an_ok_without_a_code_proves_nothing() -> None:
    assert proof.from_code(None, 7, [3], since=10) == {}


def test_a_code_says_what_became_what() -> None:
    code = CopyUid(7, ((3, 3), (5, 5)), ((10, 11),))
    assert proof.from_code(code, 7, [3, 5], since=10) == {3: 10, 5: 11}
    assert proof.from_code(code, None, [3, 5], since=10) == {3: 10, 5: 11}


def test_a_code_of_another_uidvalidity_proves_nothing() -> None:
    assert proof.from_code(CopyUid(8, ((3, 3),), ((10, 10),)), 7, [3], since=10) == {}


def test_sets_that_do_not_pair_prove_nothing() -> None:
    assert proof.from_code(CopyUid(7, ((3, 5),), ((10, 10),)), 7, [3], since=10) == {}


def test_a_set_of_billions_proves_nothing_and_costs_nothing() -> None:
    everything = ((1, 2**32 - 1),)
    assert proof.from_code(CopyUid(7, everything, everything), 7, [3], since=10) == {}


def test_what_is_said_of_messages_that_were_not_asked_for_proves_nothing() -> None:
    assert proof.from_code(CopyUid(7, ((1, 3),), ((10, 12),)), 7, {2: "row"}, since=10) == {2: 11}


def test_one_uid_for_two_messages_proves_nothing() -> None:
    code = CopyUid(7, ((1, 2),), ((10, 10), (10, 10)))
    assert proof.from_code(code, 7, [1, 2], since=10) == {}


def test_what_was_there_before_is_no_copy() -> None:
    code = CopyUid(7, ((1, 2),), ((9, 10),))
    assert proof.from_code(code, 7, [1, 2], since=10) == {2: 10}


async def test_what_arrived_is_found_by_its_digest_and_only_where_it_may_be_new() -> None:
    with LocalServer(PASSWORDS) as server:
        for number in (1, 2, 3, 3):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            wanted = {71: digest(1), 73: digest(3), 74: digest(3), 75: digest(3), 79: digest(9)}

            async def tell(keys: list[int], octets: bytes) -> int | None:
                assert octets == mail(3)
                return keys[0]

            found = await proof.by_digest(client, wanted, tell, since=2)
            assert found == {73: 3, 74: 4}  # 1 was there before; of three equal ones two arrived
            assert await proof.by_digest(client, wanted, tell, since=2, taken=[3]) == {73: 4}
            # "9:*" answers with the last message all the same
            assert await proof.by_digest(client, wanted, tell, since=9) == {}


async def test_where_a_header_names_no_message_the_octets_tell_which_one_arrived() -> None:
    bodies = {71: "one", 72: "two", 73: "another"}
    with LocalServer(PASSWORDS) as server:
        for body in ("two", "three", "another"):
            server.deliver("alice", bare(body))
        server.deliver("alice", mail(1))
        async with other_device(server) as client:
            await client.select("INBOX")

            async def tell(keys: list[int], octets: bytes) -> int | None:
                return next((key for key in keys if bare(bodies[key]) == octets), None)

            digests = dict.fromkeys(bodies, bytes.fromhex(digest_of(bare("one")))) | {74: digest(1)}
            found = await proof.by_digest(client, digests, tell, since=1)
            assert found == {72: 1, 73: 3, 74: 4}
            said = server.transcript.commands()
            assert said[-1] == "UID FETCH 1:3 (UID BODY.PEEK[])"  # and none that its header tells
            alone = {71: digests[71]}  # nor is one that alone has this header taken for another
            assert await proof.by_digest(client, alone, tell, since=1) == {}


async def test_what_arrived_is_found_by_its_parts_though_fields_were_added_and_folded() -> None:
    octets = mail(1, subject="a subject of some words")
    grown = b"Received: by mx\r\n" + octets.replace(b"a subject of", b"a subject\r\n of") + b"\r\n"
    others = [
        octets.replace(b"Hello", b"Hullo"),
        octets.replace(b"Bob", b"Bert"),
        octets.replace(b"To: Bob <bob@example.org>\r\n", b""),
    ]
    with LocalServer(PASSWORDS) as server:
        for one in (octets, *others, grown):
            server.deliver("alice", one)
        async with other_device(server) as client:
            await client.select("INBOX")

            async def found(since: int, *taken: int) -> int | None:
                return await proof.by_parts(client, octets, since=since, taken=taken)

            assert [await found(since) for since in (1, 2, 6)] == [1, 5, None]
            assert [await found(1, 1), await found(1, 1, 5)] == [5, None]
            said = server.transcript.commands()
            assert any(line.startswith("UID FETCH 2:4,6:* ") for line in said)
            assert await proof.by_parts(client, b"\r\nHello.\r\n", since=1, taken=()) is None


async def test_a_server_is_asked_what_is_still_there() -> None:
    with LocalServer(PASSWORDS) as server:
        for number in (1, 2, 3):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            assert await proof.still_there(client, [2, 3, 4, 99]) == {2, 3}
            assert await proof.still_there(client, []) == set()
            assert await proof.by_message_id(client, "2@example.org") == [2]
            assert await proof.by_message_id(client, "nobody@example.org") == []
            assert await proof.by_message_id(client, "") == []
            ends = [await proof.end_of(client, path) for path in ("INBOX", "Trash")]
            assert [end.uidnext for end in ends] == [4, 1]
            selected = await client.select("INBOX")
            assert ends[0].uidvalidity == selected.uid_validity
