"""The TLS layer alone: two of them, back to back, without any stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import TlsError
from desktopmail.net.layer import TlsLayer
from desktopmail.net.tls import ClientTls, ServerTls
from tests.helpers.certificates import make_certificates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layers(tmp_path: Path) -> tuple[TlsLayer, TlsLayer]:
    files = make_certificates(tmp_path)
    client = TlsLayer(ClientTls("localhost", ca_file=files.ca_file), "localhost")
    return client, TlsLayer(ServerTls(files.certificate, files.key), "192.0.2.1")


def shake_hands(client: TlsLayer, server: TlsLayer) -> None:
    done = [False, False]
    for _ in range(10):
        for number, (layer, other) in enumerate(((client, server), (server, client))):
            done[number] = done[number] or layer.handshake() is not None
            other.receive(layer.take_output())
        if all(done):
            client.read(), server.read()
            return
    pytest.fail("the handshake did not end")


def test_octets_go_round(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, server = layers
    shake_hands(client, server)
    client.write(b"x" * 100_000)
    server.receive(client.take_output())
    assert b"".join(server.read()) == b"x" * 100_000
    assert not server.at_eof


def test_nothing_but_ciphertext_leaves(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, server = layers
    shake_hands(client, server)
    client.write(b"PASS tanstaaf\r\n")
    assert b"tanstaaf" not in client.take_output()


def test_a_half_record_waits_for_the_rest(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, server = layers
    shake_hands(client, server)
    client.write(b"whole")
    record = client.take_output()
    for octet in record[:-1]:
        server.receive(bytes([octet]))
        assert server.read() == []
    server.receive(record[-1:])
    assert server.read() == [b"whole"]


def test_a_goodbye_is_the_end(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, server = layers
    shake_hands(client, server)
    client.close()
    server.receive(client.take_output())
    assert server.read() == []
    assert server.at_eof


def test_a_cut_is_the_end_too(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, server = layers
    shake_hands(client, server)
    server.receive_eof()
    assert server.read() == []
    assert server.at_eof


def test_closing_before_the_handshake_ended_does_no_harm(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, _ = layers
    client.handshake()
    client.close()


def test_a_cut_in_the_handshake_is_an_error(layers: tuple[TlsLayer, TlsLayer]) -> None:
    client, _ = layers
    assert client.handshake() is None
    client.receive_eof()
    with pytest.raises(TlsError) as caught:
        client.handshake()
    assert "localhost" in caught.value.sentence


def test_a_client_that_breaks_off_is_quoted(
    layers: tuple[TlsLayer, TlsLayer], tmp_path: Path
) -> None:
    _, server = layers
    stranger = make_certificates(tmp_path / "other")
    client = TlsLayer(ClientTls("localhost", ca_file=stranger.ca_file), "localhost")
    client.handshake()
    server.receive(client.take_output())
    server.handshake()
    client.receive(server.take_output())
    with pytest.raises(TlsError) as refused:
        client.handshake()
    assert refused.value.code == "tls-certificate"
    server.receive(client.take_output())
    with pytest.raises(TlsError) as told:
        server.handshake()
    assert told.value.sentence == "192.0.2.1 broke off the TLS handshake: unknown ca."
    assert told.value.remedy
