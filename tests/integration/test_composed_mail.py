"""What we compose, read by a foreign parser: notmuch, which is GMime."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.mime import answers, compose, html_text, rich_read, rich_write
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("notmuch")

WHEN = datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=1)))
ANNA = Mailbox("Änne Weber-Müller, Dr.", "anna@sandbox.test")
BEN = Mailbox('Ben "B." Okafor', "ben@sandbox.test")
YUKI = Mailbox("田中 由紀", "yuki@bücher.example")
LONG = (
    "Übersicht über die Ausgaben des Jahres 2026, mit allen Belegen – dritte Fassung (geprüft).pdf"
)

RICH = rich_write.write(
    rich_read.read(
        "<h2>Übersicht</h2><div>Grüße, <b>fett</b>, <i>kursiv</i></div><ol><li>eins<li>zwei</ol>"
        "<table><tr><td>Birnen<td>3,20<tr><td>Äpfel<td>2,10</table>"
        '<blockquote>zitiert</blockquote><div><img src="cid:bild@x" alt="Bild"></div>'
    )
)

NEWSLETTER = Message.parse(
    compose.build(
        Draft(
            BEN,
            to=(ANNA,),
            subject="Neues",
            text="Quitten und Äpfel\n",
            html='<table bgcolor="#eef"><tr><td><table><tr><td><img src="cid:l@x" alt="Bild">'
            "<td>Quitten <b>und</b> Äpfel</table></table>",
            files=(File("l.png", "image/png", b"\x89PNG" * 99, "l@x"),),
        ),
        date=WHEN,
        message_id="<n@sandbox.test>",
        boundary="b",
    ).octets
)

DRAFTS = {
    "quoted": dataclasses.replace(
        answers.reply(NEWSLETTER, own=[ANNA], rich=True, keep_layout=True, attribution="{name}:"),
        text="Nein, danke – für heute.\n",
    ),
    "rich": Draft(
        ANNA,
        to=(BEN, YUKI),
        subject="Übersicht",
        text=html_text.render(RICH),
        html=RICH,
        files=(File("bild.png", "image/png", b"\x89PNG" * 99, "bild@x"),),
    ),
    "plain": Draft(ANNA, to=(BEN,), subject="Hello", text="Hi Ben,\n\nFrom here.\n.\n-- \nAnna\n"),
    "umlauts": Draft(
        ANNA,
        to=(BEN, YUKI),
        cc=(Mailbox("", "hof@lists.example"),),
        subject="Grüße aus München – und ein sehr langer Betreff, der gefaltet werden muß: 京都 🎉",
        text="Schöne Grüße, " * 30 + "\n\n> alt und " + "lang " * 40 + "\n\n日本語のテキスト\n",
    ),
    "files": Draft(
        ANNA,
        to=(BEN,),
        bcc=(YUKI,),
        subject="Fwd: Plan",
        text="anbei\n",
        html='<p>anbei <img src="cid:bild@x"></p>\n',
        files=(
            File("bild.png", "image/png", b"\x89PNG\r\n\x1a\n" * 50, "bild@x"),
            File(LONG, "application/pdf", bytes(range(256)) * 9),
            File("日本語.txt", "text/plain", "こんにちは\n".encode()),
            File("m.eml", "message/rfc822", "Subject: innen\n\nä\n".encode()),
        ),
        in_reply_to="parent@x",
        references=("root@x", "x" * 120 + "@example.org", "parent@x"),
    ),
}


def notmuch(folder: Path, *arguments: str) -> bytes:
    environment = {**os.environ, "NOTMUCH_CONFIG": str(folder / "config"), "HOME": str(folder)}
    return subprocess.run(
        ["notmuch", *arguments], env=environment, capture_output=True, check=True, timeout=60
    ).stdout


def shown(folder: Path, octets: bytes) -> dict[str, Any]:
    """The message as notmuch understands it."""
    (folder / "mail" / "cur").mkdir(parents=True)
    (folder / "mail" / "cur" / "1:2,S").write_bytes(octets)
    (folder / "config").write_text(
        f"[database]\npath={folder / 'mail'}\n[user]\nprimary_email=x@x.test\n[new]\ntags=\n"
    )
    notmuch(folder, "new", "--quiet")
    found = json.loads(
        notmuch(folder, "show", "--format=json", "--include-html", "--entire-thread=false", "*")
    )
    return dict(found[0][0][0])


def parts_of(body: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for part in body:
        found.append(part)
        content = part.get("content")
        if isinstance(content, list):
            for inner in content:
                found += parts_of(inner["body"]) if "body" in inner else parts_of([inner])
    return found


@pytest.mark.parametrize("name", DRAFTS)
def test_notmuch_sees_the_structure_text_names_and_octets_that_we_meant(
    name: str, tmp_path: Path
) -> None:
    draft = DRAFTS[name]
    composed = compose.build(draft, date=WHEN, message_id="<made@sandbox.test>", boundary="c0ffee")
    ours = Message.parse(composed.octets)
    theirs = shown(tmp_path, composed.octets)

    headers = theirs["headers"]
    assert headers["Subject"] == draft.subject
    assert "Änne Weber-Müller, Dr." in headers["From"]
    for box in draft.to:
        assert box.name in headers["To"]
    assert theirs["id"] == "made@sandbox.test"
    assert headers["Date"] == "Mon, 23 Nov 2026 08:00:00 +0100"
    assert "Bcc" not in headers

    parts = parts_of(theirs["body"])
    assert [part["content-type"] for part in parts] == [
        part.media_type for part in ours.tree.walk() if part.number or part is ours.tree
    ]
    (plain,) = [part for part in parts if part["content-type"] == "text/plain"][:1]
    assert [line.rstrip() for line in ours.text.split("\n")] == [
        line.rstrip() for line in draft.whole_text.split("\n")
    ]
    # notmuch leaves soft line breaks and quote marks of format=flowed as they are.
    words = draft.whole_text.replace(">", "").split()
    assert "".join(plain["content"].replace(">", "").split()) == "".join(words)
    # It opens an enclosed message instead of naming its file.
    files = [file for file in draft.files if file.media_type != "message/rfc822"]
    assert [part["filename"] for part in parts if "filename" in part] == [f.name for f in files]
    for file in files:
        number = next(part["id"] for part in parts if part.get("filename") == file.name)
        raw = notmuch(tmp_path, "show", "--format=raw", f"--part={number}", "*")
        assert raw == file.octets


def test_notmuch_threads_an_answer_with_its_parent(tmp_path: Path) -> None:
    parent = compose.build(DRAFTS["plain"], date=WHEN, message_id="<p@sandbox.test>", boundary="b")
    answer = compose.build(
        answers.reply(Message.parse(parent.octets), own=[BEN]),
        date=WHEN,
        message_id="<a@sandbox.test>",
        boundary="b",
    )
    shown(tmp_path, parent.octets)
    (tmp_path / "mail" / "cur" / "2:2,S").write_bytes(answer.octets)
    notmuch(tmp_path, "new", "--quiet")
    assert notmuch(tmp_path, "count", "--output=threads", "*").strip() == b"1"
    assert notmuch(tmp_path, "count", "*").strip() == b"2"
