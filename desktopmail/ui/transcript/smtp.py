"""Recognises the keywords of SMTP, submission and LMTP."""

from __future__ import annotations

import re

from desktopmail.ui.transcript import table
from desktopmail.ui.transcript.reading import (
    Context,
    Found,
    Reading,
    Role,
    mechanism,
    sasl_answer,
    scram_attributes,
    structure,
)

_COMMAND = re.compile(r"([A-Za-z]+)(?: +(.*))?$")
_PATH = re.compile(r"(FROM|TO):\s*(<[^>]*>|\S+)", re.IGNORECASE)
_WORD = re.compile(r"\S+")
# Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
#                                                                  ; RFC 5321 section 4.2
_REPLY = re.compile(r"(?P<code>[2-5][0-9]{2})(?P<separator>[- ]?)(?P<text>.*)$", re.DOTALL)
# status-code = class "." subject "." detail                       ; RFC 2034 section 4
_STATUS = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?= |$)")
_HELLO = {"EHLO", "LHLO"}


def read(sender: str, line: str, context: Context) -> Reading | None:
    """Recognise one line; None when it is none of the protocol's."""
    if context.role is Role.DATA:
        keyword = "chunk" if context.command == "BDAT" else "mail data"
        return Reading(structure(0, len(line), keyword))
    if sender == "S":
        return _read_reply(line, context)
    if context.role is Role.SASL:
        return sasl_answer(line)
    if line == ".":
        return Reading(structure(0, 1, "end of mail data"))
    return _read_command(line)


def _read_command(line: str) -> Reading | None:
    match = _COMMAND.match(line)
    if match is None or not table.knows("smtp", "command", match[1]):
        return None
    command = match[1].upper()
    reading = Reading(Found(0, match.end(1), "command", command))
    if match[2] is None:
        return reading
    start = match.start(2)
    if command in {"MAIL", "RCPT"}:
        reading.parts = _read_path(line, start)
    elif command == "AUTH":
        reading.parts = _read_auth(line, start)
    elif command == "BDAT":
        reading.parts = [
            Found(word.start(), word.end(), "parameter", "LAST")
            for word in _WORD.finditer(line, start)
            if word[0].upper() == "LAST"
        ]
    elif command in {"EHLO", "HELO", "LHLO"}:
        reading.parts = [structure(start, len(line.rstrip()), "domain")]
    return reading


def _read_path(line: str, start: int) -> list[Found]:
    path = _PATH.match(line, start)
    if path is None:
        return []
    keyword = path[1].upper()
    parts = [structure(path.start(), path.end(), keyword)]
    if path[2] == "<>":
        parts.append(structure(path.start(2), path.end(2), "null reverse-path"))
    elif path[2].upper().startswith(("<POSTMASTER>", "<POSTMASTER@")):
        parts.append(structure(path.start(2), path.end(2), "postmaster"))
    for word in _WORD.finditer(line, path.end()):
        name, equals, value = word[0].partition("=")
        begin = word.start()
        parts.append(Found(begin, begin + len(name), "parameter", name))
        at = begin + len(name) + len(equals)
        for piece in value.split(","):
            parts.append(Found(at, at + len(piece), "value", piece))
            at += len(piece) + 1
    return parts


def _read_auth(line: str, start: int) -> list[Found]:
    words = list(_WORD.finditer(line, start))
    parts = mechanism(words[0].start(), words[0].end(), words[0][0]) if words else []
    if len(words) > 1:  # a mask may hold blanks
        begin, end = words[1].start(), words[-1].end()
        parts += [structure(begin, end, "initial response"), *scram_attributes(line[begin:end])]
    return parts


def _read_reply(line: str, context: Context) -> Reading | None:
    match = _REPLY.match(line)
    if match is None:
        return None
    code = match["code"]
    begin = match.start("text")
    if _is_extension(match["text"], code, context):
        reading = _read_extension(line, begin)
        if reading is not None:
            reading.parts = [*_code(code), *_separator(match), *reading.parts]
            return reading
    head = _code(code)[0]
    if context.role is Role.GREETING and code == "220":
        head = structure(0, len(line), "greeting")
    reading = Reading(head, _separator(match))
    status = _STATUS.match(line, begin)
    if status is not None:
        reading.parts += _read_status(status)
        begin = status.end()
    text = line[begin:].strip()
    at = line.find(text, begin)
    if code == "334":
        reading.parts += [structure(at, at + len(text), "challenge")] if text else []
        reading.parts += scram_attributes(text)
    elif text:
        reading.parts.append(structure(at, at + len(text), "text"))
    return reading


def _code(code: str) -> list[Found]:
    if table.knows("smtp", "reply", code):
        return [Found(0, 3, "reply", code)]
    return [Found(0, 3, "reply-class", f"{code[0]}yz")]


def _separator(match: re.Match[str]) -> list[Found]:
    if match["separator"] != "-":
        return []
    return [structure(match.start("separator"), match.end("separator"), "multiline")]


def _read_status(status: re.Match[str]) -> list[Found]:
    kind, subject, detail = status.groups()
    parts = [Found(status.start(1), status.end(1), "enhanced-class", f"{kind}.XXX.XXX")]
    if table.knows("smtp", "enhanced", f"X.{subject}.{detail}"):
        return [*parts, Found(status.start(), status.end(), "enhanced", f"X.{subject}.{detail}")]
    return [*parts, Found(status.start(2), status.end(2), "enhanced-subject", f"X.{subject}.XXX")]


def _is_extension(text: str, code: str, context: Context) -> bool:
    if code != "250":
        return False
    if context.command:
        return context.command in _HELLO and context.continued
    # Without a context only what is written like a keyword counts: "250 OK" is none.
    return text[:4].isupper() and not text.startswith("OK")


def _read_extension(line: str, begin: int) -> Reading | None:
    words = list(_WORD.finditer(line, begin))
    if not words:
        return None
    name, equals, value = words[0][0].partition("=")
    keyword = name + equals
    if not table.knows("smtp", "capability", keyword):
        return None
    reading = Reading(Found(begin, begin + len(keyword), "capability", keyword))
    at = begin + len(keyword)
    named = [(at, value)] if value else []
    named += [(word.start(), word[0]) for word in words[1:]]
    for at, word in named:
        if name.upper() == "AUTH":
            reading.parts += mechanism(at, at + len(word), word)
        else:
            limit = word.partition("=")[0]
            reading.parts.append(Found(at, at + len(limit), "value", limit))
    return reading
