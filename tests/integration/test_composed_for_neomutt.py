"""What we compose, read by neomutt: text, subject, people, and the file a reader would save."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pty
import select
import subprocess
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from desktopmail.mime import compose, html_text, rich_read, rich_write
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.mime.quoted import Quoted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("neomutt")

WHEN = datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=1)))
ANNA = Mailbox("Änne Weber-Müller, Dr.", "anna@sandbox.test")
YUKI = Mailbox("田中 由紀", "yuki@sandbox.test")
SUBJECT = "Grüße aus München – und ein sehr langer Betreff, der gefaltet werden muß: 京都"
HTML = rich_write.write(
    rich_read.read(
        '<div>Grüße, <b>fett</b> und <a href="https://x.test/">Link</a></div>'
        "<ul><li>eins<li>zwei</ul><div>Du schriebst:</div>"
        f"<blockquote>zitiert {'lang ' * 40}<blockquote>älter</blockquote></blockquote>"
        '<div><img src="cid:bild@x" alt="Bild"></div>'
    )
)
RICH = Draft(
    ANNA,
    to=(YUKI,),
    bcc=(Mailbox("", "secret@sandbox.test"),),
    subject=SUBJECT,
    text=html_text.render(HTML),
    html=HTML,
    files=(
        File("bild.png", "image/png", b"\x89PNG\r\n\x1a\n" * 50, "bild@x"),
        File("Übersicht über die Ausgaben (geprüft).pdf", "application/pdf", bytes(range(256))),
    ),
)
PLAIN = Draft(
    ANNA,
    to=(YUKI,),
    subject="Hello",
    text="Hi,\n\nFrom here.\n.\n> quoted\n" + "long " * 40 + "\n-- \nAnna\n",
    files=(File("日本語.txt", "text/plain", "こんにちは\n".encode()),),
)
QUOTED = dataclasses.replace(
    RICH,
    text="Nein, danke.\n\n-- \nÄnne\n",
    html=None,
    quoted=Quoted(
        '<div class="desktopmail-quoted"><div>Yuki:</div><blockquote type="cite">'
        '<table bgcolor="#eef"><tr><td>Quitten <img src="cid:bild@x"></table></blockquote></div>',
        "Yuki:\n> Quitten\n",
    ),
)
RC = """
set mbox_type=Maildir
set header_cache=
set pipe_decode=yes
set pipe_decode_weed=yes
set charset=utf-8
set sleep_time=0
set quit=yes
set wait_key=no
alternative_order text/plain
ignore *
unignore from: to: cc: bcc: subject:
"""
# The name offered for the attachment is taken as it is, and the file is written beside the rc.
KEYS = "<pipe-message>cat>{out}<enter><view-attachments><last-entry><save-entry><enter><exit><exit>"


def read_by_neomutt(folder: Path, octets: bytes) -> str:
    """Have neomutt decode the one message and save its last attachment into `folder`."""
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    (folder / "mail" / "cur" / "1:2,S").write_bytes(octets)
    (folder / "rc").write_text(f"set folder={folder}\n{RC}")
    push = f'push "{KEYS.format(out=folder / "out.txt")}"'
    ours, theirs = pty.openpty()
    environment = {
        **os.environ, "TERM": "xterm", "HOME": str(folder), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8",
    }  # fmt: skip
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "neomutt", "-n", "-F", "rc", "-R", "-f", "mail", "-e", push],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment,
    )  # fmt: skip
    os.close(theirs)
    deadline = time.monotonic() + 20
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # the terminal is gone when it has ended
                    os.read(ours, 65_536)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)
    return (folder / "out.txt").read_text("utf-8")


def unfolded(shown: str) -> str:
    return " ".join(shown.split())


@pytest.mark.parametrize("draft", [RICH, PLAIN, QUOTED], ids=["rich", "plain", "quoted"])
def test_neomutt_reads_what_was_meant_and_saves_the_file_by_its_name(
    draft: Draft, tmp_path: Path
) -> None:
    composed = compose.build(draft, date=WHEN, message_id="<m@sandbox.test>", boundary="c0ffee")
    shown = read_by_neomutt(tmp_path, composed.octets)
    head, _, body = shown.partition("\n\n")
    assert f"Subject: {draft.subject}" in unfolded(head)
    assert "Änne Weber-Müller, Dr." in unfolded(head)
    assert f"{YUKI.name} <{YUKI.address}>" in unfolded(head)
    assert "secret@" not in shown
    words = [word for word in draft.whole_text.split() if word.strip(">")]
    found = [word for word in body.split() if word.strip(">")]
    assert found[: len(words)] == words
    attached = [file for file in draft.files if not file.content_id][-1]
    assert (tmp_path / attached.name).read_bytes() == attached.octets


def test_neomutt_sees_quotes_as_deep_as_they_were(tmp_path: Path) -> None:
    composed = compose.build(RICH, date=WHEN, message_id="<m@sandbox.test>", boundary="c0ffee")
    lines = read_by_neomutt(tmp_path, composed.octets).split("\n")
    assert sum(line.startswith(("> lang", "> zitiert")) for line in lines) > 1
    assert ">>älter" in [line.replace(" ", "") for line in lines]
