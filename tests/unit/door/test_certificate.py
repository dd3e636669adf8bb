"""A certificate that was not trusted reaches whoever may accept it."""

from __future__ import annotations

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.frames import EngineFrame, ErrorFrame, FrameDecoder, encode


def test_a_certificate_comes_through_the_pipe_with_the_refusal() -> None:
    shown = ShownCertificate(
        side="outgoing",
        host="smtp.example.org",
        port=465,
        text="subject: CN=mail",
        fingerprint="a" * 64,
    )
    frame = ErrorFrame(
        number=1, sentence="No.", remedy="", code="tls-certificate", certificate=shown
    )
    decoder: FrameDecoder[EngineFrame] = FrameDecoder(EngineFrame)
    assert list(decoder.receive(encode(frame))) == [frame]
