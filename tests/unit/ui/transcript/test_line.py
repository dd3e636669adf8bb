"""Lines and actions: real dialogues, however they are cut into records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.ui.transcript.line import Conversation, Kind, Line, Protocol, printable
from desktopmail.ui.transcript.reading import Role
from tests.helpers.dialogues import (
    DIALOGUES,
    IMAP_3501,
    IMAP_9051,
    POP3_1939,
    SMTP_5321,
    records,
    talk,
)


def seen(conversation: Conversation) -> list[list[tuple[str, Role, bytes]]]:
    """What was made of a dialogue, without times."""
    return [
        [(line.sender, line.context.role, line.octets) for line in action.lines]
        for action in conversation.actions
    ]


def summary(conversation: Conversation) -> list[tuple[str, str, int]]:
    return [
        (action.command or action.kind, action.status, action.round_trips)
        for action in conversation.actions
    ]


@pytest.mark.parametrize(("protocol", "script"), DIALOGUES)
def test_a_dialogue_is_the_same_octet_by_octet_as_whole(protocol: Protocol, script: str) -> None:
    slowly = Conversation(protocol)
    for sender, octets in records(script):
        if sender == "*":
            slowly.add(sender, octets)
            continue
        for octet in octets:
            slowly.add(sender, bytes([octet]))
    whole = talk(protocol, script)
    assert seen(slowly) == seen(whole)
    assert summary(slowly) == summary(whole)


@pytest.mark.parametrize(("protocol", "script"), DIALOGUES)
def test_no_octet_of_a_dialogue_is_lost_or_doubled(protocol: Protocol, script: str) -> None:
    conversation = talk(protocol, script)
    for sender in ("C", "S"):
        said = b"".join(octets for who, octets in records(script) if who == sender)
        kept = b"".join(
            line.octets
            for action in conversation.actions
            for line in action.lines
            if line.sender == sender
        )
        assert kept == said
    assert sum(action.octets_sent for action in conversation.actions) == sum(
        len(octets) for who, octets in records(script) if who == "C"
    )


@pytest.mark.parametrize(("protocol", "script"), DIALOGUES)
def test_every_action_of_a_finished_dialogue_is_complete(protocol: Protocol, script: str) -> None:
    conversation = talk(protocol, script)
    open_ones = [
        action.command
        for action in conversation.actions
        if not action.complete and action.kind is not Kind.REMARK
    ]
    assert open_ones == []
    assert conversation.finish() == []


def test_the_session_of_rfc_3501_section_8_has_seven_actions() -> None:
    assert summary(talk("imap", IMAP_3501)) == [
        ("greeting", "OK", 0),
        ("LOGIN", "OK", 1),
        ("SELECT", "OK", 1),
        ("FETCH", "OK", 1),
        ("FETCH", "OK", 1),
        ("STORE", "OK", 1),
        ("LOGOUT", "OK", 1),
    ]


def test_a_literal_is_one_piece_of_data_and_its_line_goes_on_behind_it() -> None:
    fetch = talk("imap", IMAP_3501).actions[4]
    header, data, rest, tagged = fetch.lines[1:]
    assert header.text == "* 12 FETCH (BODY[HEADER] {342}"
    assert (data.context.role, len(data.octets)) == (Role.DATA, 342)
    assert (rest.context.role, rest.text) == (Role.REST, ")")
    assert rest.context.before == header.text
    assert tagged.text == "a004 OK FETCH completed"


def test_a_login_in_the_session_of_rfc_9051_section_8_takes_three_round_trips() -> None:
    conversation = talk("imap", IMAP_9051)
    login = next(each for each in conversation.actions if each.command == "AUTHENTICATE")
    assert login.round_trips == 3
    assert [line.context.role for line in login.lines if line.sender == "C"] == [
        Role.LINE,
        Role.SASL,
        Role.SASL,
    ]
    assert conversation.round_trips == 1 + 3 + 1 + 1 + 1


def test_a_remark_stands_between_the_actions() -> None:
    kinds = [action.kind for action in talk("imap", IMAP_9051).actions]
    assert kinds[:4] == [Kind.GREETING, Kind.COMMAND, Kind.REMARK, Kind.COMMAND]


def test_the_session_of_rfc_5321_appendix_d_knows_the_message_from_the_commands() -> None:
    conversation = talk("smtp", SMTP_5321)
    assert summary(conversation) == [
        ("greeting", "220", 0),
        ("EHLO", "250", 1),
        ("MAIL", "250", 1),
        ("RCPT", "250", 1),
        ("RCPT", "550", 1),
        ("RCPT", "250", 1),
        ("DATA", "250", 2),
        ("QUIT", "221", 1),
    ]
    data = conversation.actions[6]
    assert [line.context.role for line in data.lines] == [
        Role.LINE, Role.LINE, Role.DATA, Role.LINE, Role.LINE,
    ]  # fmt: skip
    assert data.lines[2].octets == b"Blah blah blah...\r\n...etc. etc. etc.\r\n"


def test_the_session_of_rfc_1939_section_10_knows_listings_and_messages() -> None:
    conversation = talk("pop3", POP3_1939)
    assert [action.command for action in conversation.actions] == [
        "", "APOP", "STAT", "LIST", "RETR", "DELE", "RETR", "DELE", "QUIT",
    ]  # fmt: skip
    listing = conversation.actions[3].lines
    assert [line.context.role for line in listing[2:]] == [Role.LISTING, Role.LISTING, Role.LINE]
    assert b"+OK is no answer" in conversation.actions[4].lines[2].octets


def test_pipelined_commands_share_their_round_trip() -> None:
    conversation = talk(
        "smtp",
        """
S: 220 foo.com
C: EHLO bar.com
S: 250-foo.com
S: 250 PIPELINING
C: MAIL FROM:<a@b.example>
C: RCPT TO:<c@d.example>
C: DATA
S: 250 OK
S: 250 OK
S: 354 go
""",
    )
    assert [action.round_trips for action in conversation.actions[2:]] == [1, 1, 1]
    assert conversation.round_trips == 2


def test_pipelined_imap_answers_find_their_commands() -> None:
    conversation = talk(
        "imap",
        """
S: * OK ready
C: a1 STATUS Sent (MESSAGES)
C: a2 UID FETCH 1:* (FLAGS)
C: a3 UID SEARCH RETURN (COUNT) ALL
S: * 1 FETCH (UID 7 FLAGS ())
S: * ESEARCH (TAG "a3") UID COUNT 1
S: * STATUS Sent (MESSAGES 4)
S: a2 OK done
S: a1 OK done
S: a3 NO [LIMIT] done
""",
    )
    lines = {
        action.command: [line.text for line in action.lines] for action in conversation.actions
    }
    assert "* STATUS Sent (MESSAGES 4)" in lines["STATUS"]
    assert "* 1 FETCH (UID 7 FLAGS ())" in lines["UID FETCH"]
    assert '* ESEARCH (TAG "a3") UID COUNT 1' in lines["UID SEARCH"]
    assert [action.status for action in conversation.actions[1:]] == ["OK", "OK", "NO"]


def test_news_without_a_command_are_one_action_of_their_own() -> None:
    conversation = talk(
        "imap",
        """
S: * OK ready
C: a NOOP
S: a OK done
S: * 5 EXISTS
S: * BYE idle for too long
""",
    )
    news = conversation.actions[-1]
    assert (news.kind, len(news.lines), news.round_trips) == (Kind.UNSOLICITED, 2, 0)


def test_done_belongs_to_its_idle() -> None:
    conversation = talk(
        "imap",
        """
S: * OK ready
C: a IDLE
S: + idling
S: * 4 EXISTS
C: DONE
S: a OK done
""",
    )
    assert [line.text for line in conversation.actions[1].lines][-2:] == ["DONE", "a OK done"]


def test_a_refused_literal_does_not_swallow_the_next_command() -> None:
    conversation = talk(
        "imap",
        """
S: * OK ready
C: a APPEND Sent {310}
S: a NO [TRYCREATE] no such mailbox
C: b CREATE Sent
S: b OK done
""",
    )
    assert [action.status for action in conversation.actions] == ["OK", "NO", "OK"]


def test_a_masked_password_in_a_literal_may_have_any_length() -> None:
    conversation = Conversation("imap")
    conversation.add("S", b"* OK ready\r\n")
    conversation.add("C", b"a LOGIN alice {3+}\r\n<password>\r\nb NOOP\r\n")
    login, noop = conversation.actions[1:]
    assert [line.octets for line in login.lines[1:]] == [b"<password>", b"\r\n"]
    assert noop.command == "NOOP"


def test_two_literals_of_one_command_stay_in_it() -> None:
    conversation = Conversation("imap")
    conversation.add("C", b"a APPEND x {2+}\r\nhi {3+}\r\nyou\r\nb NOOP\r\n")
    roles = [line.context.role for line in conversation.actions[0].lines]
    assert roles == [Role.LINE, Role.DATA, Role.REST, Role.DATA, Role.REST]


def test_a_brace_at_the_end_of_a_sentence_is_no_literal() -> None:
    conversation = talk("imap", "S: * OK ready {5}\nC: a NOOP\nS: a OK [ALERT] see {10}")
    assert conversation.actions[1].complete
    assert conversation.actions[1].status == "OK"


def test_a_chunk_is_counted_and_a_command_may_follow_it_at_once() -> None:
    conversation = Conversation("smtp")
    conversation.add("S", b"220 x\r\n")
    conversation.add("C", b"BDAT 8\r\nQUIT\r\n.\nBDAT 0 LAST\r\n")
    conversation.add("S", b"250 8 octets\r\n250 done\r\n")
    first, second = conversation.actions[1:]
    assert [line.octets for line in first.lines] == [
        b"BDAT 8\r\n", b"QUIT\r\n.\n", b"250 8 octets\r\n",
    ]  # fmt: skip
    assert second.status == "250"


def test_lmtp_answers_once_for_each_accepted_recipient() -> None:
    conversation = talk(
        "smtp",
        """
S: 220 foo.edu LMTP
C: LHLO foo.edu
S: 250 foo.edu
C: MAIL FROM:<chris@bar.com>
S: 250 OK
C: RCPT TO:<pat@foo.edu>
S: 250 OK
C: RCPT TO:<jones@foo.edu>
S: 550 No such user here
C: RCPT TO:<green@foo.edu>
S: 250 OK
C: DATA
S: 354 go
C: Blah
C: .
S: 250 OK
S: 452 <green@foo.edu> is temporarily over quota
C: QUIT
S: 221 closing
""",
    )
    assert [(each.command, each.status) for each in conversation.actions[-2:]] == [
        ("DATA", "452"),
        ("QUIT", "221"),
    ]


def test_a_message_that_the_transcript_does_not_show_still_counts() -> None:
    conversation = Conversation("smtp")
    conversation.add("S", b"220 x\r\n")
    conversation.add("C", b"DATA\r\n")
    conversation.add("S", b"354 go\r\n")
    conversation.add("*", b"the message, 5000 octets\r\n")
    conversation.add("S", b"250 taken\r\n")
    conversation.add("C", b"QUIT\r\n")
    conversation.add("S", b"221 bye\r\n")
    data = conversation.actions[1]
    assert (data.status, data.octets_sent, data.round_trips) == ("250", 5006, 2)
    assert conversation.actions[2].command == "QUIT"


@pytest.mark.parametrize(
    "said", [b"DATA\r\n", b"BDAT 30000\r\n<30000 octets of the message>\r\n"], ids=["DATA", "BDAT"]
)
def test_how_much_of_a_message_went_out_may_stand_in_its_place(said: bytes) -> None:
    conversation = Conversation("smtp")
    conversation.add("S", b"220 x\r\n")
    conversation.add("C", said)
    if said == b"DATA\r\n":
        conversation.add("S", b"354 go\r\n")
        conversation.add("C", b"<20000 octets of the message>\r\n")
        conversation.add("C", b"<10000 octets of the message>\r\n.\r\n")
    conversation.add("C", b"QUIT\r\n")
    conversation.add("S", b"250 taken\r\n221 bye\r\n")
    message, farewell = conversation.actions[1:]
    commands = len(b"DATA\r\n.\r\n") if said == b"DATA\r\n" else len(b"BDAT 30000\r\n")
    assert message.octets_sent == commands + 30000
    assert [line.missing for line in message.lines if line.context.role is Role.DATA] == [30000]
    assert (message.status, farewell.status) == ("250", "221")


def test_replies_to_chunks_that_are_not_shown_belong_to_the_message() -> None:
    conversation = Conversation("smtp")
    conversation.add("S", b"220 x\r\n")
    conversation.add("*", b"the message, 5000 octets\r\n")
    conversation.add("S", b"250 taken\r\n")
    message = conversation.actions[1]
    assert (message.kind, message.status, message.round_trips) == (Kind.REMARK, "250", 1)


def test_octets_left_out_of_a_literal_are_counted_and_the_place_is_kept() -> None:
    conversation = Conversation("imap")
    conversation.add("S", b"* OK ready\r\n")
    conversation.add("C", b"a FETCH 1 BODY[]\r\n")
    conversation.add("S", b"* 1 FETCH (BODY[] {1000}\r\n* 9 EXISTS\r\n\r\n[900 more octets]\r\n")
    conversation.add("S", b"x" * 88 + b")\r\na OK done\r\n")
    fetch = conversation.actions[1]
    data = fetch.lines[2]
    assert (data.context.role, data.missing, len(data.octets)) == (Role.DATA, 900, 100)
    assert [line.text for line in fetch.lines[3:]] == [")", "a OK done"]
    assert fetch.octets_received == len(b"* 1 FETCH (BODY[] {1000}\r\n") + 1000 + 3 + 11


def test_a_long_line_whose_end_is_left_out_still_completes_its_command() -> None:
    conversation = Conversation("imap")
    conversation.add("S", b"* OK ready\r\n")
    conversation.add("C", b"a1 UID COPY 1:9999 Archive\r\n")
    conversation.add("S", b"a1 OK [COPYUID 1 1,3,5\r\n[9000 more octets]\r\n")
    conversation.add("C", b"a22 NOOP\r\n")
    conversation.add("S", b"a22 OK done\r\n")
    assert [action.status for action in conversation.actions] == ["OK", "OK", "OK"]


def test_behind_a_gap_that_hides_the_end_of_a_literal_answers_are_found_again() -> None:
    conversation = Conversation("imap")
    conversation.add("S", b"* OK ready\r\n")
    conversation.add("C", b"a FETCH 1:9 BODY[]\r\n")
    conversation.add("S", b"* 1 FETCH (BODY[] {100}\r\nSubject: x\r\n[60000 more octets]\r\n")
    conversation.add("S", b"the end of some message\r\n * no answer\r\n)\r\n* 9 FETCH (UID 4)\r\n")
    conversation.add("S", b"a OK done\r\n")
    fetch = conversation.actions[1]
    assert [line.text for line in fetch.lines[-2:]] == ["* 9 FETCH (UID 4)", "a OK done"]
    assert fetch.status == "OK"
    assert not fetch.lines[2].complete


@pytest.mark.parametrize("shown_end", [b".\r\n", b""])
def test_octets_left_out_of_a_message_end_with_its_dot_or_the_next_answer(shown_end: bytes) -> None:
    conversation = Conversation("pop3")
    conversation.add("S", b"+OK ready\r\n")
    conversation.add("C", b"RETR 1\r\nRETR 2\r\n")
    conversation.add("S", b"+OK here it is\r\nSubject: x\r\nA half li")
    conversation.add("*", b"60000 more octets are not shown")
    conversation.add("S", shown_end + b"-ERR no such message\r\n")
    first, second = conversation.actions[1:]
    assert first.lines[2].octets == b"Subject: x\r\nA half li"
    assert first.lines[2].missing == 60000
    assert second.status == "-ERR"


def test_what_a_broken_connection_leaves_is_shown_as_incomplete() -> None:
    conversation = Conversation("imap")
    conversation.add("S", b"* OK ready\r\n")
    conversation.add("C", b"a APPEND Sent {10+}\r\nabc")
    (line,) = conversation.finish()
    assert (line.octets, line.complete, line.context.role) == (b"abc", False, Role.DATA)
    assert not conversation.actions[1].complete


def test_times_are_those_of_the_first_and_last_line() -> None:
    conversation = Conversation("pop3")
    conversation.add("S", b"+OK\r\n", 1.0)
    conversation.add("C", b"STAT\r\n", 2.0)
    conversation.add("S", b"+OK 1 2", 2.5)
    conversation.add("S", b"0\r\n", 3.5)
    assert (conversation.actions[1].began_s, conversation.actions[1].ended_s) == (2.0, 3.5)


def test_what_cannot_be_printed_is_shown_as_numbers() -> None:
    assert printable(b"a\x00b\x1b[31m\xff\xc3\xa4\r\n") == "a\\x00b\\x1b[31m\\xffä"


@given(
    protocol=st.sampled_from(["imap", "smtp", "pop3"]),
    said=st.lists(
        st.tuples(
            st.sampled_from("CS*"),
            st.one_of(
                st.binary(max_size=30),
                st.sampled_from([
                    b"a FETCH 1 BODY[]\r\n", b"* 1 FETCH (BODY[] {5}\r\n", b"a OK\r\n", b"DATA\r\n",
                    b"354 go\r\n", b".\r\n", b"RETR 1\r\n", b"+OK\r\n", b"LIST\r\n", b"BDAT 7\r\n",
                    b"a LOGIN {5+}\r\n<password>", b"AUTH PLAIN\r\n", b"334 \r\n", b"+ \r\n",
                    b"\r\n[70 more octets]\r\n", b"9 more octets are not shown", b"250-x\r\n",
                    b"the message, 5 octets\r\n", b"a IDLE\r\n", b"a AUTHENTICATE PLAIN\r\n",
                ]),
            ),
        ),
        max_size=30,
    ),
)  # fmt: skip
def test_whatever_is_said_no_octet_is_lost_and_nothing_raises(
    protocol: Protocol, said: list[tuple[str, bytes]]
) -> None:
    conversation = Conversation(protocol)
    lines: list[Line] = []
    for sender, octets in said:
        lines += conversation.add(sender, octets)
    lines += conversation.finish()
    assert sorted(lines, key=id) == sorted(
        (line for action in conversation.actions for line in action.lines), key=id
    )
    gaps = b"\r\n[70 more octets]\r\n"
    for sender in ("C", "S"):
        recorded = b"".join(octets.removesuffix(gaps) for who, octets in said if who == sender)
        assert b"".join(line.octets for line in lines if line.sender == sender) == recorded


def test_an_answer_behind_a_chunk_that_was_answered_already_is_borne() -> None:
    conversation = Conversation("smtp")
    said = [("C", b"BDAT\n"), ("S", b"354\n"), ("S", b"\x00")]
    lines = [line for sender, octets in said for line in conversation.add(sender, octets)]
    lines += conversation.finish()
    assert [line.octets for line in lines] == [b"BDAT\n", b"354\n", b"\x00"]
