from tests.helpers.smtp_talk import post_office


async def test_vrfy_answers_on_this_machine() -> None:
    async with post_office(aliases={"both": ("alice", "bob")}) as post:
        talk = await post.talk()
        assert str(await talk.say("VRFY bob")) == "250 2.1.5 <bob@localhost>"
        assert (await talk.say("VRFY <bob@localhost>")).code == 250
        assert (await talk.say("VRFY nobody")).code == 550
        assert (await talk.say("VRFY x@example.org")).code == 252
        ambiguous = await talk.say("VRFY both")
        assert ambiguous.lines == ("Ambiguous:", "<alice@localhost>", "<bob@localhost>")


async def test_lists_are_not_shown() -> None:
    async with post_office() as post:
        assert (await (await post.talk()).say("EXPN all")).code == 502


async def test_help_names_the_commands() -> None:
    async with post_office() as post:
        talk = await post.talk()
        answer = await talk.say("HELP")
        assert answer.code == 214
        assert "MAIL RCPT DATA" in answer.text
        assert "AUTH" not in answer.text
        assert (await talk.say("HELP MAIL")).code == 214
        assert (await talk.say("HELP ME")).code == 504
