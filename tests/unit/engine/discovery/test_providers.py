"""The table of providers can be read, and says nothing in the clear."""

from __future__ import annotations

from desktopmail.door.rows import Kind, Security
from desktopmail.engine.discovery import providers


def test_every_provider_gives_accounts_with_tls() -> None:
    table = providers.load()
    for provider in table.provider:
        for domain in provider.domains:
            found = providers.of_domain(table, domain, f"a@{domain}")
            assert found, domain
            assert found[0].kind is Kind.IMAP
            for one in found:
                assert Security.NONE not in {one.incoming.security, one.outgoing.security}
                assert one.outgoing.host


def test_no_domain_stands_there_twice() -> None:
    domains = [domain for one in providers.load().provider for domain in one.domains]
    assert len(domains) == len(set(domains))


def test_the_mail_exchanger_tells_the_provider_and_a_look_alike_does_not() -> None:
    table = providers.load()
    (found, _) = providers.of_mx(table, ["ASPMX.L.GOOGLE.COM."], "a@firm.example")
    assert found.incoming.host == "imap.gmail.com"
    assert "apppasswords" in found.note
    assert providers.of_mx(table, ["mx.notgoogle.com."], "a@firm.example") == []


def test_a_provider_with_browser_sign_in_only_is_named_as_such() -> None:
    found = providers.of_domain(providers.load(), "outlook.com", "a@outlook.com")
    assert all(one.browser_only and one.note for one in found)


def test_a_server_of_a_provider_tells_what_its_owner_has_to_know() -> None:
    table = providers.load()
    assert "browser sign-in only" in providers.note_on(table, "outlook.office365.com")
    assert "https://myaccount.google.com/apppasswords" in providers.note_on(
        table, "IMAP.gmail.com."
    )
    assert providers.note_on(table, "mail.example.org") == ""
