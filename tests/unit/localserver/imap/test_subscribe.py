"""SUBSCRIBE and UNSUBSCRIBE."""

from __future__ import annotations

from tests.helpers.imap_dialogue import logged_in


async def test_a_subscription_outlives_its_mailbox() -> None:
    async with logged_in() as dialogue:
        await dialogue.run("CREATE Box")
        assert (await dialogue.run("SUBSCRIBE Box"))[-1].startswith("OK")
        await dialogue.run("DELETE Box")
        assert '* LSUB () "/" Box' in await dialogue.run('LSUB "" "*"')
        assert (await dialogue.run("UNSUBSCRIBE Box"))[-1].startswith("OK")
        assert '* LSUB () "/" Box' not in await dialogue.run('LSUB "" "*"')


async def test_only_what_exists_is_subscribed_to() -> None:
    async with logged_in() as dialogue:
        assert (await dialogue.run("SUBSCRIBE Nothing"))[-1].startswith("NO [NONEXISTENT]")
