"""Response codes."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.codes import (
    AppendUid,
    BadCharset,
    CapabilityCode,
    Code,
    CopyUid,
    HighestModSeq,
    MailboxId,
    Modified,
    OtherCode,
    PermanentFlags,
    ResponseCode,
    UidNext,
    UidValidity,
    Unseen,
    of_uids,
    ordered_capabilities,
)
from desktopmail.wire.imap.condition import Answer, Condition
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet
from tests.helpers.imap import read_response, response_both_ways


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        *[(b"[" + code.value + b"]", code) for code in Code],
        # RFC 9051 section 7.1.
        (b"[UIDVALIDITY 3857529045]", UidValidity(3857529045)),
        (b"[UIDNEXT 4392]", UidNext(Uid(4392))),
        (
            b"[PERMANENTFLAGS (\\* \\Deleted \\Seen)]",
            PermanentFlags(frozenset({flags.DELETED, flags.SEEN, flags.ANY})),
        ),
        (b"[APPENDUID 38505 3955]", AppendUid(38505, UidSet.parse(b"3955"))),
        (
            b"[COPYUID 38505 304,319:320 3956:3958]",
            CopyUid(38505, ((304, 304), (319, 320)), ((3956, 3958),)),
        ),
        (
            b"[CAPABILITY IMAP4rev1 IMAP4rev2 IDLE]",
            CapabilityCode(frozenset({"IMAP4REV1", "IMAP4REV2", "IDLE"})),
        ),
        (b"[BADCHARSET (US-ASCII UTF-8)]", BadCharset(("US-ASCII", "UTF-8"))),
        (b"[BADCHARSET]", BadCharset()),
        (b"[UNSEEN 12]", Unseen(Seq(12))),
        # RFC 7162, RFC 8474.
        (b"[HIGHESTMODSEQ 715194045007]", HighestModSeq(715194045007)),
        (b"[MODIFIED 7,9]", Modified(SeqSet.parse(b"7,9"))),
        (
            b"[MAILBOXID (F2212ea87-6097-4256-9d51-71338625)]",
            MailboxId("F2212ea87-6097-4256-9d51-71338625"),
        ),
        (b"[REFERRAL imap://x/y]", OtherCode(b"REFERRAL", b"imap://x/y")),
        (b"[X-ODD]", OtherCode(b"X-ODD")),
    ],
)
def test_codes_of_the_rfcs_both_ways(octets: bytes, code: ResponseCode) -> None:
    response_both_ways(b"OK " + octets + b" text", Answer(Condition.OK, code, "text"))


def test_a_code_without_text_is_read() -> None:
    assert read_response(b"OK [UIDNEXT 5]") == Answer(Condition.OK, UidNext(Uid(5)), "")


def test_a_text_that_only_looks_like_a_code_is_a_text() -> None:
    for text in (b"[", b"[]", b"[ x]", b"[no end", b"[(x)]"):
        assert read_response(b"OK " + text) == Answer(Condition.OK, None, text.decode())


@pytest.mark.parametrize(
    "octets",
    [
        b"UIDNEXT x",
        b"UIDNEXT",
        b"COPYUID 1 2",
        b"COPYUID 1 x y",
        b"APPENDUID 0 0",
        b"MODIFIED x",
        b"PERMANENTFLAGS (a",
    ],
)
def test_a_known_code_with_data_that_cannot_be_read_is_an_other_code(octets: bytes) -> None:
    answer = read_response(b"NO [" + octets + b"] hm")
    assert isinstance(answer, Answer)
    assert isinstance(answer.code, OtherCode)
    assert answer.text == "hm"


def test_copyuid_pairs_by_the_order_of_its_sets() -> None:
    code = CopyUid(1, ((304, 304), (319, 320)), ((3956, 3958),))
    assert list(code.pairs()) == [(304, 3956), (319, 3957), (320, 3958)]
    assert (
        CopyUid.of(1, [(Uid(320), Uid(3958)), (Uid(304), Uid(3956)), (Uid(319), Uid(3957))]) == code
    )
    assert CopyUid.of(1, [(Uid(1), Uid(9)), (Uid(2), Uid(8))]).destination == ((9, 9), (8, 8))


def test_copyuid_with_unequal_sets_is_the_peers_fault() -> None:
    with pytest.raises(RemoteProtocolError):
        CopyUid(1, ((1, 4000000000),), ((1, 2),)).pairs()


def test_modified_of_a_uid_command_names_uids() -> None:
    assert of_uids(Modified(SeqSet.parse(b"7"))) == Modified(UidSet.parse(b"7"))
    assert of_uids(Code.ALERT) is Code.ALERT
    assert of_uids(None) is None


def test_the_protocol_comes_first_among_capabilities() -> None:
    names = frozenset({"IDLE", "IMAP4REV1", "AUTH=PLAIN"})
    assert ordered_capabilities(names) == ["IMAP4rev1", "AUTH=PLAIN", "IDLE"]
