"""HOST:PORT as people type it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.servers import Address, add_ca_file, address, fingerprint, mail_address
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("mail.example.org:993", "mail.example.org", 993),
        ("127.0.0.1:2143", "127.0.0.1", 2143),
        ("[::1]:993", "::1", 993),
        ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ],
)
def test_host_and_port_are_read(text: str, host: str, port: int) -> None:
    assert address(text) == Address(host, port)


@pytest.mark.parametrize(
    "text",
    ["mail.example.org", ":993", "host:", "host:0", "host:65536", "host:-1", "::1:993", "h:९"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        address(text)


def test_the_address_of_mail_is_one_address_alone() -> None:
    assert mail_address("anna@example.org") == "anna@example.org"
    assert mail_address("grüße@bücher.example") == "grüße@bücher.example"
    for text in ("anna", "", "anna@", "a@b.test, c@d.test", "Anna <a@b.test>", "a@b.test\r\nX: y"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not an address"):
            mail_address(text)


@pytest.mark.parametrize("text", ["ab" * 32, "AB:" * 31 + "AB", "abab " * 16])
def test_a_fingerprint_is_read_as_it_is_shown_anywhere(text: str) -> None:
    assert fingerprint(text) == "ab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 31, "xy" * 32, "ab" * 33])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="64 digits"):
        fingerprint(text)


def test_the_authorities_are_found_from_any_folder_and_none_are_named_by_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_certificates(tmp_path / "made").ca_file.rename(tmp_path / "ca.pem")
    parser = argparse.ArgumentParser()
    add_ca_file(parser, "none")
    assert parser.parse_args(["--ca-file", "ca.pem"]).ca_file == str(tmp_path / "ca.pem")
    assert parser.parse_args(["--ca-file", ""]).ca_file == ""
    assert parser.parse_args([]).ca_file is None


def test_authorities_that_cannot_be_read_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_ca_file(parser, "none")
    with pytest.raises(SystemExit):
        parser.parse_args(["--ca-file", str(tmp_path / "none.pem")])
    assert "none.pem cannot be read: No such file or directory" in capsys.readouterr().err
    (tmp_path / "notes.txt").write_text("no certificate\n")
    with pytest.raises(SystemExit):
        parser.parse_args(["--ca-file", str(tmp_path / "notes.txt")])
    assert "notes.txt holds no certificate in PEM" in capsys.readouterr().err
