from localserver.submission.subject import Subject


def test_the_message_is_parsed_once() -> None:
    subject = Subject(b"Subject: x\r\n\r\n", 14, "smtp", "127.0.0.1:1", "", "", ())
    assert subject.parsed.subject == "x"
    assert subject.parsed is subject.parsed
