from desktopmail.net.ports import InlineExecutor
from desktopmail.wire.smtp.mail import Mail
from desktopmail.wire.smtp.path import Mailbox
from desktopmail.wire.smtp.rcpt import Rcpt
from localserver.smtp.state import Route
from localserver.spool import Spool
from localserver.users import User
from tests.helpers.smtp_talk import post_office


def test_a_route_is_local_when_somebody_here_gets_it() -> None:
    rcpt = Rcpt(Mailbox("a", "b.example"))
    assert not Route(rcpt, ()).local
    assert Route(rcpt, (User("a", "a@localhost"),)).local


async def test_forgetting_a_message_removes_its_spool() -> None:
    from unittest.mock import Mock

    from localserver.smtp.state import Session

    async with post_office() as post:
        session = Session(post.server.context, Mock(), Mock(), Mock(), Mock(), submission=False)
        session.mail = Mail(None)
        session.routes.append(Route(Rcpt(Mailbox("a", "b.example")), ()))
        session.spool = Spool(None, 10, InlineExecutor())
        session.forget_message()
        assert (session.mail, session.routes, session.spool) == (None, [], None)
        assert session.name == "smtp"
