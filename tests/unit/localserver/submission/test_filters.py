import pytest

from desktopmail.net.ports import InlineExecutor, system_ports
from localserver.submission.filters import FilterAction, FilterError, MatchRule, make_filters
from localserver.submission.subject import Subject


def test_tables_become_filters_in_their_order() -> None:
    filters = make_filters(
        [
            {
                "kind": "rate",
                "most": 5,
                "action": "reject",
                "text": "Slow down",
                "on": "submission",
            },
            {"kind": "attachment", "action": "hold"},
            {"kind": "spam", "threshold": 3, "action": "redirect", "mailbox": "Spam"},
            {"kind": "command", "command": ["/bin/true"]},
            {"kind": "match", "pattern": "x", "action": "tag", "field": "X-Matched"},
        ],
        system_ports(),
    )
    assert [each.action for each in filters] == [
        FilterAction.REJECT, FilterAction.HOLD, FilterAction.REDIRECT, FilterAction.TAG,
        FilterAction.TAG,
    ]  # fmt: skip
    assert filters[0].ports == {"submission"}
    assert filters[2].mailbox == "Spam"
    assert filters[4].field == "X-Matched"


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({}, "kind ''"),
        ({"kind": "magic"}, "magic"),
        ({"kind": "spam", "colour": "red"}, "colour"),
        ({"kind": "spam", "on": "moon"}, "moon"),
        ({"kind": "spam", "action": "explode"}, "explode"),
        ({"kind": "spam", "field": "X Y"}, "X Y"),
        ({"kind": "match", "pattern": "("}, "pattern"),
        ({"kind": "rate", "most": "lots"}, "most takes a number"),
        ({"kind": "spam", "text": 3}, "text takes text"),
    ],
)
def test_a_wrong_table_is_named_by_its_number(table: dict[str, object], word: str) -> None:
    with pytest.raises(FilterError, match="Filter 2 is wrong") as caught:
        make_filters([{"kind": "spam"}, table], system_ports())
    assert word in str(caught.value)


async def test_a_match_looks_at_the_decoded_field() -> None:
    octets = b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n"
    subject = Subject(octets, len(octets), "smtp", "", "", "", (), InlineExecutor())
    assert await MatchRule({"pattern": "GRÜ"}).hit(subject) == "Subject matches"
    assert await MatchRule({"pattern": "x", "header": "To"}).hit(subject) is None
