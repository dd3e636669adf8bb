"""Recognises the keywords of POP3."""

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

_WORD = re.compile(r"\S+")
_COMMAND = re.compile(r"([A-Za-z][A-Za-z0-9]*)(?: |$)")
_ANSWER = re.compile(r"(\+OK|-ERR)(?: |$)")
# timestamp = "<" local-part "@" domain ">"                        ; RFC 1939 section 7
_TIMESTAMP = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
# resp-code = "[" resp-level *("/" resp-level) "]"                 ; RFC 2449 section 3
_CODE = re.compile(r"\[([^\]\s]+)[^\]]*\]")
_ARGUMENTS = {
    "USER": ("name",),
    "PASS": ("password",),
    "APOP": ("name", "digest"),
    "LIST": ("message-number",),
    "RETR": ("message-number",),
    "DELE": ("message-number",),
    "UIDL": ("message-number",),
    "TOP": ("message-number", "lines"),
    "LANG": ("language",),
}
_NUMBERS = {
    "STAT": ("number of messages", "octets"),
    "LIST": ("message-number", "octets"),
    "UIDL": ("message-number", "unique-id"),
}
_LISTED = {"LIST": "scan listing", "UIDL": "unique-id listing", "LANG": "language"}


def read(sender: str, line: str, context: Context) -> Reading | None:
    """Recognise one line; None when it is none of the protocol's."""
    if context.role is Role.DATA:
        return Reading(structure(0, len(line), "message"))
    if sender == "C":
        return sasl_answer(line) if context.role is Role.SASL else _read_command(line)
    if line == ".":
        return Reading(structure(0, 1, "multi-line"))
    if context.role is Role.LISTING:
        return _read_listing(line, context.command)
    return _read_answer(line, context)


def _read_command(line: str) -> Reading | None:
    match = _COMMAND.match(line)
    if match is None or not table.knows("pop3", "command", match[1]):
        return None
    command = match[1].upper()
    reading = Reading(Found(0, match.end(1), "command", command))
    words = list(_WORD.finditer(line, match.end(1)))
    if command == "AUTH" and words:
        reading.parts = mechanism(words[0].start(), words[0].end(), words[0][0])
        if len(words) > 1:  # a mask may hold blanks
            begin, end = words[1].start(), words[-1].end()
            reading.parts.append(structure(begin, end, "initial response"))
            reading.parts += scram_attributes(line[begin:end])
    elif command == "PASS" and words:
        # A password may hold blanks: everything behind the command is one argument.
        reading.parts = [structure(words[0].start(), len(line), "password")]
    else:
        reading.parts = _positional(words, _ARGUMENTS.get(command, ()))
    return reading


def _read_answer(line: str, context: Context) -> Reading | None:
    if line == "+" or line.startswith("+ "):
        reading = Reading(Found(0, 1, "response", "+"))
        text = line[2:].strip()
        if text:
            reading.parts = [structure(2, 2 + len(text), "challenge"), *scram_attributes(text)]
        return reading
    match = _ANSWER.match(line)
    if match is None:
        if context.command:
            return None
        return _read_capability(line)
    reading = Reading(Found(0, match.end(1), "response", match[1]))
    begin = match.end()
    code = _CODE.match(line, begin)
    if code is not None:
        if table.knows("pop3", "code", code[1]):
            reading.parts.append(Found(code.start(), code.end(), "code", code[1]))
        begin = code.end()
    stamp = _TIMESTAMP.search(line, begin)
    if stamp is not None and (context.role is Role.GREETING or not context.command):
        reading.parts.append(structure(stamp.start(), stamp.end(), "timestamp"))
    numbers = _answered_numbers(line, match[1], begin, context.command)
    reading.parts += numbers
    rest = line[begin:].strip()
    if rest and not numbers:
        at = line.find(rest, begin)
        if stamp is not None and stamp.start() > at:
            rest = line[at : stamp.start()].rstrip()
        end = at + len(rest)
        reading.parts.append(structure(at, end, "text"))
    if context.role is Role.GREETING and match[1] == "+OK":
        reading.parts.insert(0, reading.head)
        reading.head = structure(0, len(line), "greeting")
    return reading


def _answered_numbers(line: str, answer: str, begin: int, command: str) -> list[Found]:
    words = list(_WORD.finditer(line, begin))
    if answer != "+OK" or command not in _NUMBERS or len(words) < 2 or not words[0][0].isdigit():
        return []
    if command != "UIDL" and not words[1][0].isdigit():
        return []
    return _positional(words, _NUMBERS[command])


def _read_listing(line: str, command: str) -> Reading | None:
    if command == "CAPA":
        return _read_capability(line)
    if command == "AUTH":
        found = mechanism(0, len(line), line.strip())
        return Reading(found[0]) if found else None
    keyword = _LISTED.get(command)
    if keyword is None:
        return None
    reading = Reading(structure(0, len(line), keyword))
    reading.parts = _positional(list(_WORD.finditer(line)), _NUMBERS.get(command, ()))
    return reading


def _read_capability(line: str) -> Reading | None:
    words = list(_WORD.finditer(line))
    if not words or not table.knows("pop3", "capability", words[0][0]):
        return None
    reading = Reading(Found(0, words[0].end(), "capability", words[0][0]))
    if words[0][0].upper() == "SASL":
        for word in words[1:]:
            reading.parts += mechanism(word.start(), word.end(), word[0])
    return reading


def _positional(words: list[re.Match[str]], keywords: tuple[str, ...]) -> list[Found]:
    return [
        structure(word.start(), word.end(), keyword)
        for word, keyword in zip(words, keywords, strict=False)
    ]
