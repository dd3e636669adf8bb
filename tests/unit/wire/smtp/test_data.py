import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.data import FINAL_DOT, DataDecoder, DataEncoder, Flaw, Inspector
from tests.helpers.splits import at, every_way


def decode(pieces: list[bytes]) -> tuple[bytes, bytes | None]:
    decoder = DataDecoder()
    body = b""
    for index, piece in enumerate(pieces):
        octets, rest = decoder.decode(piece)
        body += octets
        if rest is not None:
            return body, rest + b"".join(pieces[index + 1 :])
    return body, None


def encode(pieces: list[bytes]) -> bytes:
    encoder = DataEncoder()
    return b"".join([*(encoder.encode(piece) for piece in pieces), encoder.end(), FINAL_DOT])


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b".\r\n", b""),
        (b"Hello\r\n.\r\n", b"Hello\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"..dot\r\n...two\r\n.\r\n", b".dot\r\n..two\r\n"),
        (b".single\r\n.\r\n", b"single\r\n"),  # section 4.5.2: the first dot is deleted
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"a.\r\n.b\r\n..\r\n.\r\n", b"a.\r\nb\r\n.\r\n"),
    ],
)
def test_transparency_of_section_4_5_2(sent: bytes, meant: bytes) -> None:
    for rest in (b"", b"QUIT\r\n", b".\r\n"):
        for pieces in every_way(sent + rest):
            assert decode(pieces) == (meant, rest)


LINE_ENDS = [b"\r\n", b"\r", b"\n", b"\r\r\n", b"\n\r", b"\r\n\n", b"\r\n\r", b"\0\r\n", b"\r\0\n"]


@pytest.mark.parametrize("before", LINE_ENDS)
@pytest.mark.parametrize("after", LINE_ENDS)
def test_end_of_data_is_crlf_dot_crlf_and_nothing_else(before: bytes, after: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@example.org>\r\n"
    stream = b"text" + before + b"." + after + smuggled
    is_end = before.endswith(b"\r\n") and after.startswith(b"\r\n")
    for pieces in every_way(stream):
        body, rest = decode(pieces)
        if is_end:
            assert rest == after[2:] + smuggled
        else:
            assert rest is None
            assert smuggled[:-2] in body


@pytest.mark.parametrize("octets", [b"a\rb\r\n", b"a\nb\r\n", b"\n", b"\r", b"a\r\n\r", b"\n\r"])
def test_bare_cr_and_lf_are_flaws_wherever_the_pieces_are_cut(octets: bytes) -> None:
    for pieces in every_way(octets):
        inspector = Inspector()
        for piece in pieces:
            inspector.inspect(piece)
        inspector.end()
        assert inspector.flaw is Flaw.BARE_CR_OR_LF
        assert Inspector(binary=True).flaw is None


def test_nul_is_a_flaw() -> None:
    inspector = Inspector()
    inspector.inspect(b"a\0b\r\n")
    assert inspector.flaw is Flaw.NUL


@pytest.mark.parametrize(
    ("octets", "flaw"),
    [
        (b"x" * 998 + b"\r\n", None),
        (b"x" * 999 + b"\r\n", Flaw.LONG_LINE),
        ((b"y" * 50 + b"\r\n") * 100 + b"x" * 998 + b"\r\n" + b"z\r\n" * 1000, None),
        ((b"y" * 50 + b"\r\n") * 100 + b"x" * 999 + b"\r\n" + b"z\r\n" * 1000, Flaw.LONG_LINE),
        (b"\r\n" * 5000, None),
        (b"x" * 100_000, Flaw.LONG_LINE),
    ],
)
def test_long_lines_are_flaws_wherever_the_pieces_are_cut(octets: bytes, flaw: Flaw | None) -> None:
    for size in (1, 7, 997, 998, 999, 1000, 1001, 65536, len(octets)):
        inspector = Inspector()
        for begin in range(0, len(octets), size):
            inspector.inspect(octets[begin : begin + size])
        inspector.end()
        assert inspector.flaw is flaw


def test_the_first_flaw_is_kept() -> None:
    inspector = Inspector()
    inspector.inspect(b"a\nb")
    inspector.inspect(b"\0")
    assert inspector.flaw is Flaw.BARE_CR_OR_LF


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b"a\n.b\r.c\r\n", b"a\r\n..b\r\n..c\r\n.\r\n"),
        (b"a\r", b"a\r\n.\r\n"),
        (b"\r\n.\r\n", b"\r\n..\r\n.\r\n"),
        (b"\r\r\n", b"\r\n\r\n.\r\n"),
    ],
)
def test_a_sender_never_emits_a_bare_cr_or_lf(message: bytes, sent: bytes) -> None:
    for pieces in every_way(message):
        assert encode(pieces) == sent


def test_chunks_are_not_stuffed_but_have_crlf() -> None:
    encoder = DataEncoder(stuff=False)
    assert (
        encoder.encode(b".a\n.b\r") + encoder.encode(b"\nc") + encoder.end() == b".a\r\n.b\r\nc\r\n"
    )


OCTETS = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b".", b"..", b"a", b"bc", b"\r\n.", b"\r\n.\r\n", b"\0"]
    )
).map(b"".join)


@given(
    OCTETS | st.binary(max_size=200), st.lists(st.integers(0, 500)), st.lists(st.integers(0, 500))
)
def test_what_is_sent_arrives_under_any_splits(
    message: bytes, cuts: list[int], other_cuts: list[int]
) -> None:
    sent = encode(at(message, cuts))
    assert sent.count(b"\r\n") == sent.count(b"\r") == sent.count(b"\n")
    assert sent.find(b"\r\n.\r\n") in {-1, len(sent) - 5}
    body, rest = decode(at(sent + b"QUIT\r\n", other_cuts))
    assert rest == b"QUIT\r\n"
    expected = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert body == (expected if not expected or expected.endswith(b"\r\n") else expected + b"\r\n")


@given(OCTETS, st.lists(st.integers(0, 500)))
def test_the_inspector_finds_the_same_in_any_pieces(octets: bytes, cuts: list[int]) -> None:
    inspector = Inspector()
    for piece in at(octets, cuts):
        inspector.inspect(piece)
    inspector.end()
    bare = octets.replace(b"\r\n", b"")
    is_clean = not any(char in bare for char in b"\r\n\0")
    assert (inspector.flaw is None) == is_clean


def test_a_stream_of_almost_ends_is_read_without_keeping_it() -> None:
    decoder = DataDecoder()
    body = b"".join(decoder.decode(b"\r\n.x")[0] for _ in range(20_000))
    assert decoder.decode(b"\r\n.\r\nX") == (b"\r\n", b"X")
    assert body == b"\r\nx" * 20_000
