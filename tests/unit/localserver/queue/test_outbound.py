from localserver.queue.outbound import Outgoing, OutgoingRecipient


def test_defaults_ask_for_nothing_special() -> None:
    message = Outgoing("id", "a@b.example", (OutgoingRecipient("c@d.example"),), b"x")
    assert message.recipients[0].notify is None
    flags = [message.hold, message.requiretls, message.binary, message.smtputf8]
    assert flags == [False] * 4
