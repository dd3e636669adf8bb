import pytest

from desktopmail.net.tls import ClientTls
from tests.helpers.smtp_talk import MESSAGE, post_office

# What a relay test sends; nothing of it may be taken for elsewhere.
ELSEWHERE = [
    "x@example.org",
    "x@[192.0.2.1]",
    "@localhost:x@example.org",
    "x@localhost.example.org",
    "x@sub.localhost",
]
DISGUISED = [
    "x%example.org@localhost",
    "example.org!x@localhost",
    '"x@example.org"@localhost',
    "@example.org:nobody@localhost",
    "nobody@localhost",
]


@pytest.mark.parametrize("recipient", ELSEWHERE)
@pytest.mark.parametrize("sender", ["", "alice@localhost", "x@example.org"])
async def test_port_25_is_never_an_open_relay(recipient: str, sender: str) -> None:
    async with post_office() as post:
        talk = await post.talk()
        await talk.say(f"MAIL FROM:<{sender}>")
        answer = await talk.say(f"RCPT TO:<{recipient}>")
        assert (answer.code, str(answer.enhanced)) == (550, "5.7.1")
        assert (await talk.say("DATA")).code == 554


@pytest.mark.parametrize("recipient", DISGUISED)
@pytest.mark.parametrize("service", ["smtp", "submission"])
async def test_addresses_in_disguise_are_local_parts_and_nobody(
    recipient: str, service: str
) -> None:
    async with post_office() as post:
        talk = await post.talk() if service == "smtp" else await post.logged_in()
        await talk.say("MAIL FROM:<alice@localhost>")
        answer = await talk.say(f"RCPT TO:<{recipient}>")
        assert (answer.code, str(answer.enhanced)) == (550, "5.1.1")


@pytest.mark.parametrize("recipient", DISGUISED)
async def test_a_catch_all_takes_disguised_addresses_home(recipient: str) -> None:
    async with post_office(catch_all="bob") as post:
        talk = await post.talk()
        await talk.say("MAIL FROM:<x@example.org>")
        assert (await talk.say(f"RCPT TO:<{recipient}>")).code == 250
        assert (await talk.message(MESSAGE)).code == 250
        assert len(await post.inbox("bob")) == 1
        assert post.server.store.captured() == []


@pytest.mark.parametrize(
    "recipient",
    ["bob@localhost", "BOB@LOCALHOST", "bob+list@localhost", "Postmaster", "bob@[localhost]"],
)
async def test_local_recipients_are_taken(recipient: str) -> None:
    async with post_office() as post:
        talk = await post.talk()
        await talk.say("MAIL FROM:<>")
        wanted = 501 if "[" in recipient else 250
        assert (await talk.say(f"RCPT TO:<{recipient}>")).code == wanted


@pytest.mark.parametrize("domain", ["bücher.test", "xn--bcher-kva.test"])
async def test_an_international_domain_is_at_home_in_both_forms_and_said_in_ascii(
    domain: str,
) -> None:
    async with post_office(domain=domain) as post:
        talk = await post.logged_in()
        for number, address in enumerate(("alice@xn--bcher-kva.test", "alice@bücher.test"), 1):
            extra = "" if address.isascii() else " SMTPUTF8"
            assert (await talk.say(f"MAIL FROM:<{address}>{extra}")).code == 250
            assert (await talk.say(f"RCPT TO:<{address}>")).code == 250
            assert (await talk.message(b"Subject: x\r\n\r\n")).code == 250
            assert len(await post.inbox("alice")) == number
        received = (await post.inbox("alice"))[0]
        assert received.isascii()
        assert b"by xn--bcher-kva.test with" in received
        assert (await talk.say("EHLO me.example")).lines[0] == "xn--bcher-kva.test"


OWN_LITERALS = ["[127.0.0.1]", "[127.0.0.2]", "[IPv6:::1]"]


@pytest.mark.parametrize("literal", OWN_LITERALS)
@pytest.mark.parametrize("service", ["smtp", "submission"])
async def test_a_literal_of_this_machine_is_one_of_its_domains(literal: str, service: str) -> None:
    # What was sent there would come back here: RFC 1123 section 5.2.17.
    async with post_office(domain="mail.test") as post:
        talk = await post.talk() if service == "smtp" else await post.logged_in()
        await talk.say("MAIL FROM:<alice@mail.test>")
        answer = await talk.say(f"RCPT TO:<nobody@{literal}>")
        assert (answer.code, str(answer.enhanced)) == (550, "5.1.1")
        assert (await talk.say(f"RCPT TO:<Bob+x@{literal}>")).code == 250
        assert (await talk.message(MESSAGE)).code == 250
        assert len(await post.inbox("bob")) == 1
        assert post.server.store.captured() == []


@pytest.mark.parametrize("where", ["mail.test", "MAIL.test", "localhost", "other.test"])
@pytest.mark.parametrize("who", ["nobody", "nobody+alice", '"nobody"', "alice.x", "-"])
@pytest.mark.parametrize("service", ["smtp", "submission"])
async def test_an_unknown_local_user_is_refused_at_rcpt(service: str, who: str, where: str) -> None:
    # RFC 5321 section 3.3: at once when it is known; RFC 6409 section 6 adds nothing to that.
    async with post_office(domain="mail.test", domains=frozenset({"other.test"})) as post:
        talk = await post.talk() if service == "smtp" else await post.logged_in()
        await talk.say("MAIL FROM:<alice@mail.test>")
        answer = await talk.say(f"RCPT TO:<{who}@{where}>")
        assert (answer.code, str(answer.enhanced)) == (550, "5.1.1")
        assert (await talk.say("DATA")).code == 554


@pytest.mark.parametrize("tls", [False, True])
async def test_submission_needs_a_login(tls: bool) -> None:
    async with post_office() as post:
        talk = await post.talk("submission")
        if tls:
            assert (await talk.say("STARTTLS")).code == 220
            await talk.stream.start_tls(ClientTls("localhost", ca_file=post.server.ca_file))
            await talk.say("EHLO me.example")
        answer = await talk.say("MAIL FROM:<alice@localhost>")
        assert (answer.code, str(answer.enhanced)) == (530, "5.7.0")
        assert await talk.codes("RCPT TO:<bob@localhost>", "DATA", "VRFY bob", "EXPN x") == [
            503, 503, 530, 530,
        ]  # fmt: skip


async def test_the_envelope_sender_is_owned_by_the_login() -> None:
    async with post_office(aliases={"sales": ("alice",), "all": ("alice", "bob")}) as post:
        talk = await post.logged_in()
        fine = ["alice@localhost", "alice+x@localhost", "sales@localhost", "all@localhost", ""]
        for sender in fine:
            assert (await talk.say(f"MAIL FROM:<{sender}>")).code == 250
            await talk.say("RSET")
        for sender in ("bob@localhost", "alice@example.org", "nobody@localhost"):
            answer = await talk.say(f"MAIL FROM:<{sender}>")
            assert (answer.code, str(answer.enhanced)) == (550, "5.7.1")


async def test_a_catch_all_user_does_not_own_every_address() -> None:
    async with post_office(catch_all="alice") as post:
        talk = await post.logged_in()
        assert (await talk.say("MAIL FROM:<anything@localhost>")).code == 550
        assert (await talk.say("MAIL FROM:<alice+x@localhost>")).code == 250


async def test_domains_are_qualified() -> None:
    async with post_office() as post:
        talk = await post.logged_in()
        assert (await talk.say("MAIL FROM:<alice@intranet>")).code == 554
        await talk.say("MAIL FROM:<alice@localhost>")
        assert (await talk.say("RCPT TO:<x@intranet>")).code == 554
        assert (await talk.say("RCPT TO:<x@example.org>")).code == 250
