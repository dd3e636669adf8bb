"""Connections by the API."""

from __future__ import annotations

from tests.helpers.api import administered
from tests.helpers.imap_dialogue import connected


async def test_sessions_are_listed_and_cut() -> None:
    async with administered() as (server, client), connected(server) as dialogue:
        await dialogue.run("LOGIN alice secret")
        async with client.get("/api/sessions") as answer:
            (session,) = await answer.json()
        assert (session["listener"], session["user"], session["tls"]) == ("imap", "alice", False)
        async with client.delete(f"/api/sessions/{session['number']}") as answer:
            assert answer.status == 200
        assert await dialogue.at_end()
        async with client.delete(f"/api/sessions/{session['number']}") as answer:
            assert answer.status == 404
