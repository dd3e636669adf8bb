from desktopmail.wire.smtp.data import Flaw
from desktopmail.wire.smtp.events import BadCommand, EndOfData, MessageData, MessageEnd
from desktopmail.wire.smtp.reply import reply


def test_a_message_is_not_printed() -> None:
    assert "private" not in repr(MessageData(b"private"))


def test_defaults_mean_nothing_special() -> None:
    assert MessageEnd(5).flaw is None
    assert MessageEnd(5, Flaw.NUL) != MessageEnd(5)
    assert not BadCommand(reply(500, "no")).fatal
    assert EndOfData().recipient is None
