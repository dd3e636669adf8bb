"""The authority and the certificate of one's own."""

from __future__ import annotations

import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from localserver import tls

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ["mail.test", "localhost", "127.0.0.1", "::1"]


def test_it_is_made_once_and_for_all_names(tmp_path: Path) -> None:
    assert tls.ensure(tmp_path, NAMES, NOW)
    before = (tmp_path / tls.CERTIFICATE_FILE).read_bytes()
    assert not tls.ensure(tmp_path, NAMES, NOW)
    assert (tmp_path / tls.CERTIFICATE_FILE).read_bytes() == before
    assert set(tls.describe(tmp_path / tls.CERTIFICATE_FILE).names) == set(NAMES)
    for name in (tls.KEY_FILE, tls.CA_KEY_FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_an_international_name_stands_in_it_as_clients_look_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "ü" * 70)
    names = tls.wanted_names("Straße.example", "bücher.example")
    assert tls.ensure(tmp_path, names, NOW)
    assert not tls.ensure(tmp_path, names, NOW)
    found = tls.describe(tmp_path / tls.CERTIFICATE_FILE).names
    assert found == [
        "127.0.0.1", "::1", "localhost", "xn--bcher-kva.example", "xn--strae-oqa.example",
    ]  # fmt: skip


def test_it_is_renewed_thirty_days_before_its_end_by_the_same_authority(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NAMES, NOW)
    authority = (tmp_path / tls.CA_FILE).read_bytes()
    end = tls.describe(tmp_path / tls.CERTIFICATE_FILE).not_after
    assert not tls.ensure(tmp_path, NAMES, end - timedelta(days=31))
    assert tls.ensure(tmp_path, NAMES, end - timedelta(days=29))
    assert tls.describe(tmp_path / tls.CERTIFICATE_FILE).not_after > end
    assert (tmp_path / tls.CA_FILE).read_bytes() == authority


def test_another_name_or_a_broken_file_makes_a_new_one(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NAMES, NOW)
    assert tls.ensure(tmp_path, [*NAMES, "new.test"], NOW)
    (tmp_path / tls.CERTIFICATE_FILE).write_text("broken")
    assert tls.ensure(tmp_path, NAMES, NOW)
    (tmp_path / tls.CA_FILE).write_text("broken")
    assert tls.ensure(tmp_path, NAMES, NOW)


def test_openssl_accepts_the_pair(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NAMES, datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / tls.CERTIFICATE_FILE, tmp_path / tls.KEY_FILE)


def test_the_wrong_one_is_for_another_name(tmp_path: Path) -> None:
    tls.make_wrong(tmp_path, NOW)
    assert tls.describe(tmp_path / tls.CERTIFICATE_FILE).names == ["wrong.example"]


@pytest.mark.parametrize(("host", "there"), [("192.0.2.1", True), ("0.0.0.0", False)])
def test_the_address_is_named_unless_it_is_a_wildcard(host: str, there: bool) -> None:
    names = tls.wanted_names("Mail.Test", host)
    assert names[0] == "mail.test"
    assert (host in names) is there
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["bücher.test", "0:0:0:0:0:0:0:1", "2001:DB8::1"])
def test_a_name_that_is_written_otherwise_in_the_certificate_is_still_served(
    tmp_path: Path, name: str
) -> None:
    assert tls.ensure(tmp_path, [name, "localhost"], NOW)
    assert not tls.ensure(tmp_path, [name, "localhost"], NOW)


@pytest.mark.parametrize(
    ("certificate", "key"),
    [(tls.CERTIFICATE_FILE, tls.KEY_FILE), (tls.CA_FILE, tls.CA_KEY_FILE)],
)
def test_a_key_that_is_not_the_certificates_is_made_anew_with_it(
    tmp_path: Path, certificate: str, key: str
) -> None:
    tls.ensure(tmp_path / "one", NAMES, NOW)
    tls.ensure(tmp_path / "two", NAMES, NOW)
    # What a kill between the two writes leaves.
    (tmp_path / "one" / key).write_bytes((tmp_path / "two" / key).read_bytes())
    assert tls.ensure(tmp_path / "one", NAMES, NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "one" / certificate, tmp_path / "one" / key)
    assert not tls.ensure(tmp_path / "one", NAMES, NOW)


def test_the_authority_is_renewed_before_a_certificate_would_outlive_it(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NAMES, NOW)
    authority = tls.describe(tmp_path / tls.CA_FILE).not_after
    assert tls.ensure(tmp_path, NAMES, authority - timedelta(days=396))
    assert (
        tls.describe(tmp_path / tls.CERTIFICATE_FILE).not_after
        <= tls.describe(tmp_path / tls.CA_FILE).not_after
    )
    assert tls.describe(tmp_path / tls.CA_FILE).not_after > authority


def test_a_clock_that_went_back_makes_a_certificate_that_is_valid_then(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NAMES, NOW)
    assert not tls.ensure(tmp_path, NAMES, NOW - timedelta(hours=20))
    assert tls.ensure(tmp_path, NAMES, NOW - timedelta(days=2))
