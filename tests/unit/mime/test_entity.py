from __future__ import annotations

import pytest

from desktopmail.mime import entity, structure
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File

ANNA = Mailbox("Anna", "anna@sandbox.test")


def encodings(octets: bytes) -> list[tuple[str, str]]:
    return [(part.media_type, part.encoding) for part in structure.parse(octets).walk()]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello", "7bit"),
        ("Viele Grüße aus München, Anna", "quoted-printable"),
        ("日本語のテキスト", "base64"),
        ("x" * 1000, "quoted-printable"),
        ("a\x00b", "quoted-printable"),
    ],
)
def test_the_most_readable_encoding_that_survives_is_taken(text: str, encoding: str) -> None:
    octets = entity.write(Draft(ANNA, text=text), "b")
    assert encodings(octets) == [("text/plain", encoding)]
    assert octets.isascii()
    part = structure.parse(octets)
    assert part.content.decode().rstrip("\r\n") == text


def test_a_hop_that_takes_eight_bits_gets_them_unless_a_line_is_too_long() -> None:
    assert encodings(entity.write(Draft(ANNA, text="ä"), "b", eight_bit=True))[0][1] == "8bit"
    long = entity.write(Draft(ANNA, text="ä" * 1000), "b", eight_bit=True)
    assert encodings(long)[0][1] == "base64"


def test_relays_of_old_find_nothing_to_change() -> None:
    octets = entity.write(Draft(ANNA, text="ä\nFrom here\n.\n"), "b")
    lines = octets.split(b"\r\n")
    assert not any(line.startswith(b"From ") or line == b"." for line in lines)


def test_a_boundary_never_occurs_in_what_it_encloses() -> None:
    draft = Draft(ANNA, text="--=_b_1\n--=_bx_1", files=(File("f", "a/b", b"x"),))
    root = structure.parse(entity.write(draft, "b"))
    assert root.parameters["boundary"].startswith("=_bxx_")
    assert len(root.children) == 2


def test_a_type_that_is_none_and_a_composite_one_become_octets() -> None:
    files = (
        File("a", "nonsense", b"x"),
        File("b", "multipart/mixed", b"x"),
        File("", "a/b\r\nX: y", b""),
    )
    octets = entity.write(Draft(ANNA, text="x", files=files), "b")
    assert [kind for kind, _ in encodings(octets)[2:]] == ["application/octet-stream"] * 3
    assert b"X: y" not in octets
