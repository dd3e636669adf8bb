from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import html_text, rich_read, rich_text, rich_write
from desktopmail.mime.message import Message
from desktopmail.mime.rich_text import Image, Look, Paragraph, Run, Table
from tests.helpers import corpora


def test_html_of_other_programs_is_brought_to_what_a_person_can_choose() -> None:
    source = (
        '<style>p{color:red}</style><p style="font-family:Papyrus;font-size:14pt;color:#010203">'
        '<strong>Hello</strong> <span style="font-weight:700">you</span></p><script>x()</script>'
        '<a href="javascript:x()">click</a><img src="file:///etc/passwd" alt="secret">'
    )
    assert rich_read.read(source) == (
        Paragraph(
            runs=(Run("Hello", Look(bold=True)), Run(" "), Run("you", Look(bold=True))),
            is_spaced=True,
        ),
        Paragraph(runs=(Run("clicksecret"),)),
    )


def test_a_table_with_data_stays_one_and_a_layout_becomes_paragraphs() -> None:
    data = "<table><tr><th>Pears<td>3.20</tr><tr><td>Apples<td>2.10</tr></table>"
    (table,) = rich_read.read(data)
    assert isinstance(table, Table)
    assert [[rich_text.plain(cell) for cell in row] for row in table.rows] == [
        ["Pears", "3.20"],
        ["Apples", "2.10"],
    ]
    assert html_text.render(rich_write.write((table,))) == "Pears  3.20\nApples  2.10\n"
    assert rich_read.read(rich_write.write((table,))) == (table,)
    layout = f"<table><tr><td>Menu</td></tr><tr><td>{data}</td></tr></table>"
    assert [type(item) for item in rich_read.read(layout)] == [Paragraph, Table]


def test_a_picture_by_its_web_address_stays_named() -> None:
    items = rich_read.read('<img src="https://x.test/i.png" alt="i">')
    assert items == (Paragraph(runs=(Run("\ufffc", Look(), Image("https://x.test/i.png", "i")),)),)


@given(st.text(max_size=400))
def test_no_source_makes_it_raise_or_writes_anything_active(source: str) -> None:
    written = rich_write.write(rich_read.read(source))
    assert "<script" not in written.lower()
    assert rich_read.read(written) is not None


@corpora.needed
def test_html_of_the_corpora_is_read_in_time() -> None:
    for one in corpora.messages():
        source = Message.parse(one.octets).html
        if source is None:
            continue
        begin = time.process_time()
        rich_write.write(rich_read.read(source))
        assert time.process_time() - begin < 1, one.name
