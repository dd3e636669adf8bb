from __future__ import annotations

from desktopmail.net.smtp_report import AmbiguousSendError, RecipientResult, SendReport
from desktopmail.wire.smtp.reply import reply


def test_a_report_knows_who_will_not_get_the_message_from_this_attempt() -> None:
    taken = RecipientResult("a@b.example", reply(250, "ok"), accepted=True)
    later = RecipientResult("c@d.example", reply(452, "too many", "4.5.3"), accepted=False)
    never = RecipientResult("e@f.example", reply(550, "no such user"), accepted=False)
    report = SendReport((taken, later, never), reply(250, "queued"), accepted=True)
    assert report.refused == (later, never)


def test_an_ambiguous_end_names_those_who_may_have_it_and_warns_of_sending_again() -> None:
    error = AmbiguousSendError("The connection ended.", ("a@b.example",))
    assert error.accepted_recipients == ("a@b.example",)
    assert error.code == "ambiguous"
    assert "before sending it again" in (error.remedy or "")
