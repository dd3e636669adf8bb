"""The sample mail of the sandbox, `resources/demo`: what people see first."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest

from desktopmail import resources
from desktopmail.mime import authres, html, mailing_list, thread
from desktopmail.mime.attachment import Warned
from desktopmail.mime.link import Warning as Reason
from desktopmail.mime.message import Message
from desktopmail.mime.thread import Threaded

INDEX = tomllib.loads(resources.path("demo", "index.toml").read_text("utf-8"))
ENTRIES = {entry["file"]: entry for entry in INDEX["message"]}


def message(file: str) -> Message:
    return Message.parse(resources.path("demo", *file.split("/")).read_bytes())


def test_the_index_names_every_message_once_and_every_mailbox_of_its_user() -> None:
    folder = resources.path("demo")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.eml")}
    assert files == set(ENTRIES)
    assert len(ENTRIES) == len(INDEX["message"]) >= 40
    mailboxes = {user["name"]: user["mailboxes"] for user in INDEX["user"]}
    assert [user["protocol"] for user in INDEX["user"]] == ["imap", "pop3"]
    for entry in INDEX["message"]:
        assert entry["mailbox"] in mailboxes[entry["user"]]
        assert entry["file"].startswith(entry["user"] + "/")


@pytest.mark.parametrize("file", sorted(ENTRIES))
def test_a_message_is_flawless(file: str) -> None:
    found = message(file)
    assert b"\n" not in found.octets.replace(b"\r\n", b"")
    assert b"\r" not in found.octets.replace(b"\r\n", b"")
    assert max(map(len, found.octets.split(b"\r\n"))) <= 998
    assert found.defects == ()
    assert found.subject
    assert found.sender.is_valid
    assert found.message_id
    assert found.preview
    assert found.date is not None
    assert found.date == ENTRIES[file]["date"]
    assert datetime(2026, 10, 1, tzinfo=UTC) < found.date < datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("file", sorted(ENTRIES))
def test_every_person_and_firm_is_invented(file: str) -> None:
    found = message(file)
    boxes = [*found.senders, *found.to, *found.cc, *found.reply_to]
    assert all(box.domain.endswith((".example", ".test")) for box in boxes if box.address)
    if found.html:
        safe = html.sanitise(found.html, parts=html.part_urls(found.tree))
        for url in (*safe.remote_images, *(one.url for one in safe.links)):
            host = url.split("/")[2]
            assert host.endswith(".example") or host.startswith("192.0.2."), url


def test_the_mail_shows_what_a_client_has_to_cope_with() -> None:
    messages = {file: message(file) for file in ENTRIES}
    types = {part.media_type for one in messages.values() for part in one.tree.walk()}
    charsets = {
        (part.charset or "").lower() for one in messages.values() for part in one.tree.walk()
    }
    assert {
        "application/pdf", "application/zip", "application/pgp-signature", "image/png",
        "application/pkcs7-signature", "message/delivery-status", "message/rfc822", "text/calendar",
        "text/csv", "text/html",
    } <= types  # fmt: skip
    assert {"iso-8859-1", "windows-1252", "utf-8", "iso-2022-jp", "gb18030"} <= charsets
    warned = {one.warned for each in messages.values() for one in each.attachments}
    assert {Warned.NO, Warned.ARCHIVE, Warned.DISGUISED} <= warned


def test_the_conversation_about_the_market_is_one_thread() -> None:
    anna = [file for file in ENTRIES if file.startswith("anna/")]
    threaded = []
    for key, file in enumerate(anna):
        row = message(file).index_row()
        threaded.append(Threaded(key, row.message_id, row.references, row.subject, row.date_s or 0))
    groups = [[anna[key] for key in group] for group in thread.group(threaded)]
    market = next(group for group in groups if "anna/002-adventsmarkt.eml" in group)
    assert [name[5:8] for name in market] == ["002", "003", "004", "005", "006", "042"]


def test_the_parcel_notice_is_seen_through() -> None:
    found = message("anna/030-paket-wartet.eml")
    assert found.html is not None
    safe = html.sanitise(found.html)
    assert [one.warning for one in safe.links] == [Reason.MISMATCH, Reason.LOOKALIKE]
    judged = authres.judge(found, ["mx.sandbox.test"])
    assert judged.verdict is authres.Verdict.FAILED


def test_the_newsletter_has_remote_pictures_and_is_left_with_one_click() -> None:
    found = message("anna/019-moss-and-morning.eml")
    assert found.html is not None
    assert len(html.sanitise(found.html).remote_images) == 5
    way = mailing_list.of(found.header)
    assert way is not None
    assert way.one_click == "https://moss-morning.example/unsubscribe?u=9f2c"
    assert authres.judge(found, ["mx.sandbox.test"]).verdict is authres.Verdict.PROVED


def test_the_picture_of_the_lake_is_in_the_text() -> None:
    found = message("anna/007-the-lake.eml")
    assert found.html is not None
    safe = html.sanitise(found.html, parts=html.part_urls(found.tree))
    (picture,) = found.attachments
    assert f'src="mail-part:/{picture.number}"' in safe.html
    assert picture.octets.startswith(b"\x89PNG")
