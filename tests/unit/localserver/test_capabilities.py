"""What can be switched off."""

from __future__ import annotations

import pytest

from localserver.capabilities import check, known, unknown
from localserver.config_file import ConfigError
from localserver.local import LocalServer


def test_names_are_known_in_any_case_and_others_are_told() -> None:
    assert unknown(["idle", "AUTH=scram-sha-256", "apop", "STLS", "tls"]) == []
    assert unknown(["IDLE", "NOISE", "AUTH=NOISE"]) == ["AUTH=NOISE", "NOISE"]


def test_each_protocol_has_its_own() -> None:
    names = known()
    assert "CONDSTORE" in names["imap"]
    assert "CONDSTORE" not in names["smtp"]
    assert all("AUTH=PLAIN" in each for each in names.values())


def test_a_server_does_not_start_without_what_does_not_exist() -> None:
    check(["IDLE"])
    with pytest.raises(ConfigError, match="NOISE is no capability"):
        check(["IDLE", "NOISE"])
    with pytest.raises(ConfigError, match="NOISE"), LocalServer({"alice": "s"}, without=["noise"]):
        pass
