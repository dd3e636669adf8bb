"""Explanations: what a reader is told about a line, in both languages."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.ui.transcript.explanation import Explanation, explain
from desktopmail.ui.transcript.reading import Context, Role
from tests.helpers.dialogues import DIALOGUES, talk

if TYPE_CHECKING:
    from desktopmail.ui.transcript.line import Protocol
    from desktopmail.ui.transcript.table import Language

RFCS = Path(__file__).parents[4].parent / "shared" / "rfc"


def explained(
    protocol: str, sender: str, line: str, context: Context | None = None, language: Language = "en"
) -> Explanation:
    found = explain(protocol, sender, line, language, context or Context())
    assert found is not None
    return found


def parts(explanation: Explanation) -> dict[str, str]:
    return {part.text: part.title for part in explanation.parts}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("protocol", "script"), DIALOGUES)
def test_every_line_of_a_dialogue_is_explained(
    protocol: Protocol, script: str, language: Language
) -> None:
    lines = [line for action in talk(protocol, script).actions for line in action.lines]
    for line in lines:
        found = explain(protocol, line.sender, line.text, language, line.context)
        assert (found is None) == (line.sender == "*"), line.text
        for part in found.parts if found else ():
            if part.begin >= 0:
                assert line.text[part.begin : part.end] == part.text
            assert part.text
            assert part.meaning.endswith(".")


def test_a_command_is_explained_with_its_section() -> None:
    select = explained("imap", "C", "a002 SELECT INBOX")
    assert select.title == "Command SELECT"
    assert select.meaning.startswith("Opens a mailbox")
    assert str(select.reference) == "RFC 9051, 6.3.2"
    assert parts(select) == {"a002": "Tag", "INBOX": "Mailbox name"}


def test_an_explanation_comes_in_german() -> None:
    select = explained("imap", "C", "a002 SELECT INBOX", language="de")
    assert select.title == "Befehl SELECT"
    assert select.meaning.startswith("Öffnet einen Ordner")
    assert parts(select) == {"a002": "Marke (Tag)", "INBOX": "Ordnername"}


@pytest.mark.parametrize("line", ["select inbox", "a002 select inbox"])
def test_a_command_is_known_with_or_without_its_tag_and_in_any_case(line: str) -> None:
    assert explained("imap", "C", line).title == "Command SELECT"


def test_each_item_of_a_fetch_is_explained() -> None:
    fetch = explained(
        "imap", "C", "a UID FETCH 4:* (FLAGS BODY.PEEK[1.MIME]<0.99>) (CHANGEDSINCE 5)"
    )
    assert fetch.title == "Command UID FETCH"
    assert parts(fetch) == {
        "a": "Tag",
        "4:*": "Unique identifiers",
        "FLAGS": "Data item FLAGS",
        "BODY.PEEK": "Data item BODY.PEEK",
        "1": "Part number",
        "MIME": "Section MIME",
        "<0.99>": "Range of octets",
        "CHANGEDSINCE": "Modifier CHANGEDSINCE",
    }


def test_only_names_are_explained_in_an_answer_not_values_that_look_like_names() -> None:
    answer = explained("imap", "S", '* 7 FETCH (UID 9 ENVELOPE ("UID" NIL) FLAGS (\\Seen UID x))')
    assert [part.text for part in answer.parts] == [
        "*", "7", "UID", "ENVELOPE", "NIL", "FLAGS", "\\Seen", "UID", "x",
    ]  # fmt: skip
    assert [part.title for part in answer.parts if part.text == "UID"] == [
        "Data item UID",
        "Keyword",
    ]


def test_a_search_argument_is_not_taken_for_a_search_key() -> None:
    search = explained("imap", "C", "a SEARCH RETURN (COUNT) FROM ALL HEADER SUBJECT SEEN OLD 2:3")
    assert [part.text for part in search.parts] == [
        "a", "RETURN", "COUNT", "FROM", "HEADER", "OLD", "2:3",
    ]  # fmt: skip


def test_a_response_code_is_explained_with_what_is_in_it() -> None:
    answer = explained("imap", "S", "* OK [PERMANENTFLAGS (\\Deleted \\*)] Limited")
    assert parts(answer) == {
        "*": "Untagged answer",
        "PERMANENTFLAGS": "Response code PERMANENTFLAGS",
        "\\Deleted": "Flag \\Deleted",
        "\\*": "Flag \\*",
        "Limited": "Text",
    }


def test_a_copyuid_is_explained_with_both_sets() -> None:
    answer = explained("imap", "S", "a OK [COPYUID 38505 304,319:320 3956:3958] Done")
    assert parts(answer)["304,319:320"] == "Unique identifiers"
    assert parts(answer)["3956:3958"] == "Unique identifiers"


def test_the_rest_of_a_command_is_explained_with_what_came_before_its_literal() -> None:
    context = Context(Role.REST, "APPEND", "a APPEND Sent (\\Seen) {5}")
    rest = explained("imap", "C", " (\\Draft) ~{7+}", context)
    assert rest.title == "Command APPEND"
    assert [(part.begin, part.text) for part in rest.parts] == [(2, "\\Draft"), (10, "~{7+}")]


def test_a_literal_says_whether_it_waits() -> None:
    assert "without waiting" in explained("imap", "C", "a LOGIN {5+}").parts[-1].meaning
    assert explained("imap", "C", "a LOGIN {5}").parts[-1].title == "Literal"


def test_data_are_data_whatever_they_look_like() -> None:
    data = explained("imap", "S", "* 1 EXISTS", Context(Role.DATA, "FETCH"))
    assert data.title == "Octets"
    assert data.parts == ()


def test_mechanisms_are_explained_where_they_are_offered_and_used() -> None:
    offered = explained("imap", "S", "* CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256-PLUS AUTH=PLAIN")
    assert parts(offered)["AUTH=SCRAM-SHA-256-PLUS"] == "Login by SCRAM-SHA-256-PLUS"
    used = explained("smtp", "C", "AUTH PLAIN <initial response>")
    assert parts(used) == {
        "PLAIN": "Login by PLAIN",
        "<initial response>": "First answer of the login",
    }


def test_everything_that_dovecot_offers_is_explained() -> None:
    offered = (
        "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES "
        "THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN "
        "NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES "
        "WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW "
        "STATUS=SIZE SAVEDATE COMPRESS=DEFLATE QUOTA ACL RIGHTS=texk LITERAL+ NOTIFY SPECIAL-USE"
    )
    answer = explained("imap", "S", f"* OK [CAPABILITY {offered}] Logged in")
    assert [part.text for part in answer.parts] == [
        "*", "CAPABILITY", *offered.split(), "Logged in",
    ]  # fmt: skip


def test_a_scram_message_is_taken_apart() -> None:
    # RFC 7677 section 3.
    first = "biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8="
    answer = explained("imap", "C", first, Context(Role.SASL, "AUTHENTICATE"))
    assert [(part.text, part.begin) for part in answer.parts] == [
        ("n=user", -1),
        ("r=rOprNGfwEbeRWgbNEkqO", -1),
    ]


def test_a_masked_secret_is_explained_as_one() -> None:
    answer = explained("pop3", "C", "<PLAIN response>", Context(Role.SASL, "AUTH"))
    assert "secrets are not shown" in answer.meaning


def test_a_reply_is_explained_with_its_enhanced_code() -> None:
    reply = explained("smtp", "S", "550 5.1.1 No such user here")
    assert reply.title == "Reply code 550"
    assert parts(reply) == {
        "5": "Class 5",
        "5.1.1": "Enhanced status code 5.1.1",
        "No such user here": "Text",
    }


def test_an_unknown_enhanced_code_is_explained_by_its_subject() -> None:
    assert parts(explained("smtp", "S", "550 5.7.99 No"))["7"] == "Topic 7"


def test_an_unknown_reply_code_is_explained_by_its_first_digit() -> None:
    reply = explained("smtp", "S", "459 Hm")
    assert reply.title == "Reply code 459"
    assert "later" in reply.meaning


def test_the_first_line_of_an_ehlo_reply_is_no_extension() -> None:
    first = explained("smtp", "S", "250-SIZE is my name", Context(command="EHLO"))
    assert first.title == "Reply code 250"
    later = explained("smtp", "S", "250-SIZE 100", Context(command="EHLO", continued=True))
    assert later.title == "Capability SIZE"


def test_parameters_of_mail_and_rcpt_are_explained_with_their_values() -> None:
    mail = explained("smtp", "C", "MAIL FROM:<> SIZE=5 BODY=8BITMIME RET=HDRS")
    assert parts(mail) == {
        "FROM:<>": "Sender",
        "<>": "Empty sender",
        "SIZE": "Parameter SIZE",
        "BODY": "Parameter BODY",
        "8BITMIME": "Value 8BITMIME",
        "RET": "Parameter RET",
        "HDRS": "Value HDRS",
    }


def test_the_greeting_of_pop3_shows_its_timestamp() -> None:
    line = "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"
    greeting = explained("pop3", "S", line, Context(Role.GREETING))
    assert greeting.title == "Greeting"
    assert parts(greeting)["<1896.697170952@dbc.mtview.ca.us>"] == "Timestamp"


def test_an_answer_of_pop3_is_explained_with_its_code() -> None:
    answer = explained("pop3", "S", "-ERR [SYS/TEMP] try later")
    assert answer.title == "Response -ERR"
    assert parts(answer)["[SYS/TEMP]"] == "Response code SYS/TEMP"


def test_the_numbers_of_a_stat_are_told_apart() -> None:
    stat = explained("pop3", "S", "+OK 2 320", Context(command="STAT"))
    assert parts(stat)["2"] == "Number of messages"
    assert parts(stat)["320"] == "Octets"


def test_what_is_not_known_is_not_explained() -> None:
    assert explain("imap", "C", "a XPIG-LATIN", "en") is None
    assert explain("imap", "S", "* XPIG-LATIN ow-nay", "en") is None
    assert explain("smtp", "C", "GIMME MAIL", "en") is None
    assert explain("pop3", "S", "hello", "en") is None


def test_a_remark_explains_itself() -> None:
    assert explain("imap", "*", "TLSv1.3", "en", Context(Role.REMARK)) is None


@given(
    protocol=st.sampled_from(["imap", "smtp", "pop3"]),
    sender=st.sampled_from("CS"),
    line=st.one_of(
        st.text(max_size=60),
        st.lists(
            st.sampled_from([
                "*", "a", "OK", "FETCH", "UID", "(", ")", "[", "]", "BODY[", "{5}", '"', "LIST",
                "SEARCH", "RETURN", "NAMESPACE", "NIL", "250-", "+OK", "MAIL", "FROM:", "AUTH", "=",
                "APPEND", "THREAD", "SORT", "STORE", "1:*", "<>", "5.1.1", "CAPABILITY", "STATUS",
            ]),
            max_size=12,
        ).map(" ".join),
    ),
    role=st.sampled_from(list(Role)),
    command=st.sampled_from(["", "EHLO", "AUTHENTICATE", "STAT", "CAPA", "FETCH", "UIDL"]),
)  # fmt: skip
def test_whatever_a_line_is_nothing_raises_and_each_part_is_in_its_place(
    protocol: str, sender: str, line: str, role: Role, command: str
) -> None:
    found = explain(protocol, sender, line, "de", Context(role, command, "a APPEND x {1}"))
    for part in found.parts if found else ():
        assert part.begin == -1 or line[part.begin : part.end] == part.text


def test_a_hostile_line_is_explained_in_time() -> None:
    hostile = [
        "* OK [X " + "(" * 500_000,
        "* 1 FETCH (" + "BODY[" * 200_000,
        '* LIST () "' + '\\"' * 300_000,
        "* " + "9" * 1_000_000 + " EXISTS",
    ]
    began = time.process_time()
    for line in hostile:
        explain("imap", "S", line, "en")
    assert time.process_time() - began < 2


# Examples of the RFCs that are no line of a protocol, or of none that is known.
NO_LINE = re.compile(
    r"[A-Za-z-]+: |<|\(|\.\.\.|-{5}|[A-Za-z0-9+/]{16,}=*$|XX+$|YY+$|\)$"
    r"|(?:A442 |\* )XPIG|A044 BLURDYBLOOP|FRED FOOBAR|fat man|Hello Joe|3:30 is|a1 \* SEARCH"
    r"|отпуск|мать|Just saw|Hopefully|Here is pic|Yours|Fritz|Lorem|Curab|Maecen|ligula"
    r"|Message data|To: |Bill:|The next|on Tuesday|John\.|Blah|TLS go|1 120|2 200|1 wh|2 Qh"
    r"|[a-z]{2}(?:-\w+)? [A-Z]|A006 Select Completed|\[\.\.\.\]|\* STATUS responses"
)
EXAMPLES: list[tuple[str, list[int]]] = [
    ("imap", [
        2177, 2342, 2971, 3501, 3502, 3516, 3691, 4314, 4315, 4731, 4959, 4978, 5032, 5161, 5182,
        5256, 5258, 5464, 5465, 5819, 6154, 6851, 6855, 7162, 7888, 7889, 8438, 8474, 8508, 8514,
        8970, 9051, 9208,
    ]),
    ("pop3", [1939, 2449, 3206, 5034, 6856]),
    ("smtp", [1870, 2033, 2920, 3207, 3461, 4954, 5321, 6152, 6531]),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "rfcs"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_every_example_line_of_the_rfcs_is_explained(protocol: str, rfcs: list[int]) -> None:
    if not RFCS.is_dir():
        pytest.skip("the RFCs are not beside this checkout (../shared)")
    count, unknown = 0, []
    for rfc in rfcs:
        text = (RFCS / f"rfc{rfc}.txt").read_text("utf-8-sig", "replace")
        for sender, line in re.findall(r"^ +([CS]): ?(\S.*?)\s*$", text, re.MULTILINE):
            count += 1
            if explain(protocol, sender, line, "en") is None and not NO_LINE.match(line):
                unknown.append((rfc, sender, line))
    assert unknown == []
    assert count > 100
