from __future__ import annotations

import email

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import attachment, header, parameter


def test_the_example_of_rfc_2045_section_5_1() -> None:
    for text in ("text/plain; charset=us-ascii (Plain text)", 'Text/Plain; charset="us-ascii"'):
        parsed = parameter.parse(text)
        assert parsed.value == "text/plain"
        assert dict(parsed.parameters) == {"charset": "us-ascii"}


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        # RFC 2231 sections 3, 4 and 4.1.
        (
            'message/external-body; access-type=URL; URL*0="ftp://";'
            ' URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
            "url",
            "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar",
        ),
        (
            "application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            "title",
            "This is ***fun***",
        ),
        (
            "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20;"
            ' title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2="isn\'t it!"',
            "title",
            "This is even more ***fun*** isn't it!",
        ),
    ],
)
def test_the_examples_of_rfc_2231(text: str, name: str, value: str) -> None:
    assert parameter.parse(text).parameters[name] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("attachment; filename=my file.pdf", "my file.pdf"),
        ("attachment; filename=my file (1).pdf; size=3", "my file (1).pdf"),
        ('attachment; filename="open.pdf', "open.pdf"),
        ("attachment; filename='single.pdf'", "single.pdf"),
        (r'attachment; filename="C:\temp\new.doc"', r"C:\temp\new.doc"),
        (r'attachment; filename="a \"b\" \\ c.txt"', 'a "b" \\ c.txt'),
        ('attachment; filename="=?utf-8?B?w5xiZXJzaWNodC5wZGY=?="', "Übersicht.pdf"),
        ("attachment; filename==?utf-8?Q?=C3=9Cb.pdf?=", "Üb.pdf"),
        ("attachment; filename*=\"utf-8''%C3%9Cb.pdf\"", "Üb.pdf"),
        ("attachment; filename*=%C3%9Cb.pdf", "Üb.pdf"),
        ("attachment; filename*=iso-8859-1''%DCb.pdf", "Üb.pdf"),
        ("attachment; filename*1*=b.pdf; filename*0*=utf-8''%C3%9C", "Üb.pdf"),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%9Cb.pdf", "Üb.pdf"),
        ("attachment; filename*0*=utf-8''%C3%9C; filename*1=b%20.pdf", "Üb .pdf"),
        ("attachment; filename=\"plain.pdf\"; filename*=utf-8''%C3%9C.pdf", "Ü.pdf"),
        ("attachment; filename=first.pdf; filename=second.pdf", "first.pdf"),
        ("attachment filename=x.pdf", "x.pdf"),
        ("attachment; filename = x.pdf ;", "x.pdf"),
        ("attachment;; ; filename=x.pdf", "x.pdf"),
        ('attachment; size=12 filename="x.pdf"', "x.pdf"),
        ("attachment; filename*=klingon''%C3%9Cb.pdf", "Üb.pdf"),
        ("attachment; FileName=Grüße.pdf", "Grüße.pdf"),
    ],
)
def test_the_usual_mistakes_are_understood(text: str, value: str) -> None:
    parsed = parameter.parse(text)
    assert parsed.value.startswith("attachment")
    assert parsed.parameters["filename"] == value


def test_a_media_type_with_missing_semicolons_is_understood() -> None:
    parsed = parameter.parse("text/plain charset=utf-8 format=flowed")
    assert parsed.value == "text/plain"
    assert dict(parsed.parameters) == {"charset": "utf-8", "format": "flowed"}


def test_the_raw_parameters_are_those_that_stand_there() -> None:
    text = "Text/HTML; charset=UTF-8; name*0*=utf-8''%C3; name*1*=%9C"
    assert parameter.raw(text) == (
        "Text/HTML",
        [("charset", "UTF-8"), ("name*0*", "utf-8''%C3"), ("name*1*", "%9C")],
    )


def test_parameters_of_a_parsed_field_cannot_be_changed_under_the_cache() -> None:
    parsed = parameter.parse("text/plain; charset=utf-8")
    with pytest.raises(TypeError):
        parsed.parameters["charset"] = "x"  # type: ignore[index]


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=120
)


@given(NAMES.map(attachment.safe_name).filter(bool))
def test_every_file_name_is_written_so_that_we_and_email_read_it_again(name: str) -> None:
    words = parameter.write("attachment", {"filename": name})
    line = header.fold("Content-Disposition", words)
    assert all(len(part) <= 78 for part in line.split(b"\r\n"))
    parsed = parameter.parse(header.Header.parse(line + b"\r\n").value("content-disposition") or "")
    if "=?" not in name:
        assert parsed.parameters["filename"] == name
    assert email.message_from_bytes(line + b"\r\n").get_filename() == name


@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    parsed = parameter.parse(text)
    assert all(name == name.lower() for name in parsed.parameters)
