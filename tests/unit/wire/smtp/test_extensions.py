import time

from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.reply import Reply

# RFC 5321 section 4.1.1.1 with lines of RFC 1870, 4954, 9422
ANSWER = Reply(
    250,
    (
        "mail.example.org greets you",
        "8BITMIME",
        "size 1000000",
        "AUTH PLAIN login",
        "AUTH=LOGIN CRAM-MD5",
        "LIMITS RCPTMAX=20 MAILMAX=5 nonsense X=y",
        "XEXCH50",
        "Hello this is no keyword!",
        "!",
    ),
)


def test_the_answer_to_ehlo_is_read() -> None:
    extensions = Extensions.parse(ANSWER)
    assert extensions.domain == "mail.example.org"
    assert "8bitmime" in extensions
    assert "PIPELINING" not in extensions
    assert extensions.size == 1_000_000
    assert extensions.auth == ("PLAIN", "LOGIN", "CRAM-MD5")
    assert extensions.limits == {"RCPTMAX": 20, "MAILMAX": 5}


def test_a_size_of_0_or_none_is_no_limit() -> None:
    for line in ("SIZE", "SIZE 0", "SIZE many"):
        assert Extensions.parse(Reply(250, ("h", line))).size is None


def test_what_a_server_offers_comes_back() -> None:
    offered = Extensions(
        "h.example", {"PIPELINING": (), "SIZE": ("5",), "AUTH": ("PLAIN", "LOGIN")}
    )
    assert Extensions.parse(Reply(250, offered.lines())) == offered


def test_an_empty_answer_offers_nothing() -> None:
    assert Extensions.parse(Reply(250, ("",))) == Extensions()


def test_a_server_that_says_the_same_keyword_in_every_line_keeps_nobody_busy() -> None:
    lines = tuple(f"AUTH {' '.join(f'{i}-{j}' for j in range(500))}" for i in range(500))
    begin = time.process_time()
    assert len(Extensions.parse(Reply(250, ("h", *lines))).auth) == 250_000
    assert time.process_time() - begin < 5
