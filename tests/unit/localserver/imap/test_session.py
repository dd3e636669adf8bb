"""The loop of a session: what is told when, and how it ends."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.wire.imap.limits import MAX_BAD_COMMANDS
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import another, connected, logged_in, mail


async def test_an_expunge_by_another_session_is_told_after_noop_and_not_after_fetch() -> None:
    async with logged_in(messages=[mail("one"), mail("two")]) as first, another(first) as second:
        await second.run(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        await second.run("EXPUNGE")
        for command in ("FETCH 2 (UID)", r"STORE 2 +FLAGS (\Seen)", "SEARCH ALL"):
            lines = await first.run(command)
            assert not [line for line in lines if line.endswith("EXPUNGE")]
        assert "* 1 EXPUNGE" in await first.run("NOOP")
        assert (await first.run("FETCH 1 (UID)"))[0] == "* 1 FETCH (UID 2)"


async def test_a_message_that_is_gone_but_not_told_is_expungeissued() -> None:
    async with logged_in(messages=[mail("one"), mail("two")]) as first, another(first) as second:
        await second.run(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        await second.run("EXPUNGE")
        lines = await first.run("FETCH 1:2 (UID)")
        assert lines[0] == "* 2 FETCH (UID 2)"
        assert lines[-1].startswith("NO [EXPUNGEISSUED]")


@pytest.mark.parametrize(
    "command",
    [
        "UID FETCH 1:* (FLAGS)", "UID FETCH 1 (FLAGS)", "UID FETCH 1:* (BODY.PEEK[])",
        r"UID STORE 1:2 +FLAGS.SILENT (\Seen)",
    ],
)  # fmt: skip
async def test_a_uid_that_is_gone_is_no_error_and_the_expunge_is_told(command: str) -> None:
    async with logged_in(messages=[mail("one"), mail("two")]) as first, another(first) as second:
        await second.run(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        await second.run("EXPUNGE")
        *told, answer = await first.run(command)
        assert answer.startswith("OK ")
        assert told[-1] == "* 1 EXPUNGE"
        assert (await first.run("FETCH 1 (UID)"))[0] == "* 1 FETCH (UID 2)"


async def test_new_mail_is_told_during_any_command() -> None:
    async with logged_in(messages=[mail("one")]) as dialogue:
        await dialogue.server.deliver_async("alice", mail("two"))
        lines = await dialogue.run("FETCH 1 (UID)")
        assert "* 2 EXISTS" in lines


async def test_flags_changed_by_another_session_are_told_but_not_ones_own() -> None:
    async with logged_in(messages=[mail("one"), mail("two")]) as first, another(first) as second:
        await second.run(r"STORE 2 +FLAGS.SILENT (\Flagged)")
        told = await first.run("NOOP")
        assert len(told) == 2
        assert r"\Flagged" in told[0]
        assert told[0].startswith("* 2 FETCH (UID 2")
        assert len(await second.run("NOOP")) == 1


async def test_numbers_stay_those_the_client_knows_until_the_expunge_is_told() -> None:
    five = [mail(str(n)) for n in range(5)]
    async with logged_in(messages=five) as first, another(first) as second:
        await second.run(r"STORE 1:2 +FLAGS.SILENT (\Deleted)")
        await second.run("EXPUNGE")
        await first.server.deliver_async("alice", mail("new"))
        lines = await first.run("FETCH 5 (UID)")
        assert "* 5 FETCH (UID 5)" in lines
        assert "* 6 EXISTS" in lines
        lines = await first.run("NOOP")
        assert lines[:2] == ["* 2 EXPUNGE", "* 1 EXPUNGE"]
        assert (await first.run("FETCH 4 (UID)"))[0] == "* 4 FETCH (UID 6)"


async def test_a_command_that_is_not_understood_is_bad_and_the_session_goes_on() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("FROBNICATE"))[-1].startswith("BAD")
        assert (await dialogue.run("FETCH 1 (NONSENSE)"))[-1].startswith("BAD")
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")


async def test_a_mailbox_that_is_deleted_by_another_session_becomes_empty() -> None:
    async with logged_in(select=None) as first:
        await first.run("CREATE Box")
        await first.append(mail("one"), "Box")
        await first.run("SELECT Box")
        async with another(first) as second:
            assert (await second.run("DELETE Box"))[-1].startswith("OK")
        assert "* 1 EXPUNGE" in await first.run("NOOP")


async def test_passwords_are_masked_in_the_transcript() -> None:
    async with logged_in() as dialogue:
        text = dialogue.server.transcript.text("imap")
        assert "LOGIN alice <password>" in text
        assert "secret" not in text.replace("<password>", "")


async def test_a_second_command_in_the_same_octets_is_served_too() -> None:
    async with logged_in() as dialogue:
        await dialogue.send(b"a NOOP\r\nb NOOP\r\n")
        assert (await dialogue.answers(b"a"))[-1].startswith("OK")
        assert (await dialogue.answers(b"b"))[-1].startswith("OK")


async def test_many_commands_in_the_same_octets_are_answered_in_their_order() -> None:
    async with logged_in(messages=[mail("one")]) as dialogue:
        commands = ("NOOP", "FETCH 1 (UID)", "STATUS INBOX (MESSAGES)", "FETCH 9 (UID)")
        asked = [(f"m{number}", commands[number % 4]) for number in range(40)]
        await dialogue.send("".join(f"{tag} {command}\r\n" for tag, command in asked).encode())
        for tag, command in asked:
            answer = (await dialogue.answers(tag.encode()))[-1]
            assert answer.startswith("BAD" if "9" in command else "OK")
        said = dialogue.server.transcript.text("imap").splitlines()
        for tag, command in asked:
            assert said.index(f"C: {tag} {command}") < next(
                place for place, line in enumerate(said) if line.startswith(f"S: {tag} ")
            )


async def test_a_small_message_is_answered_at_once_and_a_large_one_by_the_task() -> None:
    large = mail("large") + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 5000
    async with logged_in(messages=[mail("small"), large]) as dialogue:
        for number, octets in ((1, mail("small")), (2, large), (1, mail("small"))):
            lines = await dialogue.run(f"FETCH {number} BODY.PEEK[]")
            expected = f"* {number} FETCH (BODY[] {{{len(octets)}}}\r\n{octets.decode()})"
            assert lines == [expected, "OK Fetched."]


async def test_a_server_that_stops_says_goodbye() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        closing = asyncio.get_running_loop().create_task(server.server.aclose(grace_s=0.0))
        assert (await dialogue.line()).startswith(b"* BYE")
        await closing


async def test_the_commands_of_one_octet_a_write_are_understood() -> None:
    async with logged_in() as dialogue:
        for octet in b"x NOOP\r\n":
            await dialogue.send(bytes([octet]))
        assert (await dialogue.answers(b"x"))[-1].startswith("OK")


async def test_a_reply_of_the_fault_plan_takes_the_place_of_the_answer() -> None:
    plan = [Fault(protocol="imap", command="NOOP", nth=2, reply="NO [UNAVAILABLE] Not now.")]
    async with logged_in(plan=plan) as dialogue:
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")
        assert (await dialogue.run("NOOP"))[-1] == "NO [UNAVAILABLE] Not now."
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")


async def test_a_new_uidvalidity_ends_the_session() -> None:
    plan = [Fault(protocol="imap", command="NOOP", uidvalidity=True)]
    async with logged_in(plan=plan, messages=[mail("one")]) as dialogue:
        with pytest.raises(ConnectionError):
            await dialogue.run("NOOP")


@pytest.mark.parametrize(
    "command",
    [
        r"UID STORE 2 +FLAGS (\Deleted)",
        "UID MOVE 2 Trash",
        "UID FETCH 2 BODY[]",
        r"STORE 1 FLAGS ()",
        "EXPUNGE",
        "SEARCH ALL",
    ],
)
async def test_old_numbers_touch_nothing_after_a_new_uidvalidity(command: str) -> None:
    three = [mail("one"), mail("two"), mail("three")]
    async with logged_in(messages=three) as dialogue:
        await dialogue.run(r"STORE 1,3 +FLAGS (\Deleted)")
        await dialogue.run("UID EXPUNGE 1")
        effects = dialogue.server.server.context.faults.effects
        assert effects is not None
        await effects.new_uidvalidity("alice")  # 2 and 3 are 1 and 2 now
        await dialogue.send(f"x {command}\r\n".encode())
        assert (await dialogue.line()).startswith(b"* BYE")
        assert await dialogue.at_end()
        left = await dialogue.server.messages_async("alice")
        assert [(each.subject, each.is_seen) for each in left] == [("two", False), ("three", False)]
        assert ["\\Deleted" in each.flags for each in left] == [False, True]


async def test_a_server_that_stops_says_bye() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        await server.server.aclose(grace_s=0.0)
        assert (await dialogue.line()).startswith(b"* BYE")
        assert await dialogue.at_end()


async def test_lines_that_are_no_commands_end_in_bye_and_the_end_of_the_connection() -> None:
    for line in (b"\r\n", b"x FOO\r\n"):
        async with logged_in() as dialogue:
            await dialogue.send(line * 50)
            answers = [await dialogue.line() for _ in range(MAX_BAD_COMMANDS)]
            if not answers[-1].startswith(b"* BYE"):
                answers.append(await dialogue.line())
            assert answers[-1] == b"* BYE Too many bad commands"
            assert await dialogue.at_end()
