"""Every extension that is switched off makes its commands unknown."""

from __future__ import annotations

import pytest

from localserver.imap.capability import AFTER_LOGIN
from tests.helpers.imap_dialogue import connected, logged_in, mail

CASES = [
    ("BINARY", "FETCH 1 BINARY.PEEK[1]"),
    ("BINARY", "FETCH 1 (FLAGS BINARY.SIZE[1])"),
    ("CREATE-SPECIAL-USE", "CREATE X (USE (\\Sent))"),
    ("SPECIAL-USE", "CREATE X (USE (\\Sent))"),
    ("SPECIAL-USE", 'LIST (SPECIAL-USE) "" *'),
    ("SPECIAL-USE", 'LIST "" * RETURN (SPECIAL-USE)'),
    ("SORT", "SORT (DATE) UTF-8 ALL"),
    ("ESORT", "SORT RETURN (COUNT) (DATE) UTF-8 ALL"),
    ("SORT=DISPLAY", "SORT (REVERSE DISPLAYFROM) UTF-8 ALL"),
    ("LIST-STATUS", 'LIST "" * RETURN (STATUS (MESSAGES))'),
    ("STATUS=SIZE", 'LIST "" * RETURN (STATUS (SIZE))'),
    ("STATUS=SIZE", "STATUS INBOX (MESSAGES SIZE)"),
    ("PREVIEW", "FETCH 1 PREVIEW"),
    ("SAVEDATE", "FETCH 1 SAVEDATE"),
    ("SAVEDATE", "SEARCH NOT SAVEDSINCE 1-Jan-2020"),
    ("WITHIN", "SEARCH OR OLDER 5 SEEN"),
    ("WITHIN", "UID SORT (DATE) UTF-8 (YOUNGER 5)"),
    ("OBJECTID", "FETCH 1 EMAILID"),
    ("OBJECTID", "FETCH 1 THREADID"),
    ("OBJECTID", "SEARCH EMAILID M1"),
    ("OBJECTID", "STATUS INBOX (MAILBOXID)"),
    ("APPENDLIMIT", "STATUS INBOX (APPENDLIMIT)"),
    ("CONDSTORE", "FETCH 1 MODSEQ"),
    ("CONDSTORE", "FETCH 1 FLAGS (CHANGEDSINCE 1)"),
    ("CONDSTORE", "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)"),
    ("CONDSTORE", "SEARCH MODSEQ 1"),
    ("CONDSTORE", "STATUS INBOX (HIGHESTMODSEQ)"),
    ("CONDSTORE", "SELECT INBOX (CONDSTORE)"),
    ("QRESYNC", "SELECT INBOX (QRESYNC (1 1))"),
    ("MULTIAPPEND", "APPEND INBOX {1+}\r\nx {1+}\r\ny"),
    ("ESEARCH", "SEARCH RETURN (COUNT) ALL"),
    ("ESEARCH", "SEARCH RETURN (SAVE) ALL"),
    ("SEARCHRES", "SEARCH RETURN (SAVE) ALL"),
    ("SEARCHRES", "FETCH $ FLAGS"),
    ("LIST-EXTENDED", 'LIST () "" *'),
    ("THREAD=ORDEREDSUBJECT", "THREAD ORDEREDSUBJECT UTF-8 ALL"),
    ("UIDPLUS", "UID EXPUNGE 1"),
    ("QUOTA", 'GETQUOTA ""'),
    ("MOVE", "MOVE 1 Trash"),
    ("NAMESPACE", "NAMESPACE"),
    ("UNSELECT", "UNSELECT"),
    ("COMPRESS=DEFLATE", "COMPRESS DEFLATE"),
    ("THREAD=REFERENCES", "THREAD REFERENCES UTF-8 ALL"),
]
# These have no syntax of their own, or end by a word: they have tests of their own.
ELSEWHERE = {"CHILDREN", "IDLE", "QUOTA=RES-MESSAGE", "QUOTA=RES-STORAGE", "UTF8=ACCEPT"}


@pytest.mark.parametrize(("name", "command"), CASES)
async def test_a_command_is_known_with_its_extension_and_not_without(
    name: str, command: str
) -> None:
    async with logged_in(without=[name], messages=[mail("one")]) as dialogue:
        assert (await dialogue.run(command))[-1].startswith("BAD ")
        dialogue.server.server.context.faults.switch_off(())
        if name not in {"QRESYNC", "SEARCHRES"}:  # which have to be enabled, and filled, first
            assert (await dialogue.run(command))[-1].startswith("OK ")


def test_every_extension_that_is_offered_has_a_case_here() -> None:
    """What is added to the offer and not to `extensions.py` would go on when it is off."""
    assert {name for name, _ in CASES} | ELSEWHERE == set(AFTER_LOGIN)


async def test_without_uidplus_nobody_is_told_new_uids() -> None:
    async with logged_in(without=["UIDPLUS"], messages=[mail("one"), mail("two")]) as dialogue:
        told = await dialogue.append(mail("three"))
        told += await dialogue.run("COPY 1 Archive")
        told += await dialogue.run("MOVE 2 Archive")
        assert not [line for line in told if "APPENDUID" in line or "COPYUID" in line]


async def test_without_children_no_mailbox_is_said_to_have_any() -> None:
    async with logged_in(without=["CHILDREN"]) as dialogue:
        assert "Children" not in "".join(await dialogue.run('LIST "" *'))


async def test_without_sasl_ir_the_response_comes_when_it_is_asked_for() -> None:
    async with logged_in(without=["SASL-IR"]) as dialogue, connected(dialogue.server) as second:
        answer = await second.run("AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==")
        assert answer == ["BAD SASL-IR is not offered."]
        await second.send(b"x AUTHENTICATE PLAIN\r\n")
        assert (await second.line()).startswith(b"+")
        await second.send(b"AGFsaWNlAHNlY3JldA==\r\n")
        assert (await second.answers(b"x"))[-1].startswith("OK")
