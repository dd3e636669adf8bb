"""What can be switched off."""

from __future__ import annotations

from localserver.capabilities import known, unknown


def test_names_are_known_in_any_case_and_others_are_told() -> None:
    assert unknown(["idle", "AUTH=scram-sha-256", "apop", "STLS", "tls"]) == []
    assert unknown(["IDLE", "NOISE", "AUTH=NOISE"]) == ["AUTH=NOISE", "NOISE"]


def test_each_protocol_has_its_own() -> None:
    names = known()
    assert "CONDSTORE" in names["imap"]
    assert "CONDSTORE" not in names["smtp"]
    assert all("AUTH=PLAIN" in each for each in names.values())
