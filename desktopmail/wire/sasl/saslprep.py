"""SASLprep: two spellings of one password become one string (RFC 4013, a profile of RFC 3454)."""

import stringprep
import unicodedata
from collections.abc import Callable

# RFC 4013 section 2.3, prohibited output
_PROHIBITED: tuple[Callable[[str], bool], ...] = (
    stringprep.in_table_c12,  # non-ASCII spaces
    stringprep.in_table_c21_c22,  # control characters
    stringprep.in_table_c3,  # private use
    stringprep.in_table_c4,  # non-characters
    stringprep.in_table_c5,  # surrogates
    stringprep.in_table_c6,  # inappropriate for plain text
    stringprep.in_table_c7,  # inappropriate for canonical representation
    stringprep.in_table_c8,  # change display, deprecated
    stringprep.in_table_c9,  # tagging
)


def saslprep(text: str, *, stored: bool = False) -> str:
    """Return the prepared form of a user name or password.

    Args:
        text: As typed.
        stored: True when the result is kept by a server; then code points that Unicode 3.2 does not
            know are refused (RFC 3454 section 7). A client that only asks lets them pass.

    Raises:
        ValueError: The text holds what SASLprep prohibits. The message never shows the text.
    """
    # Step 1: map. Non-ASCII spaces become a space, table B.1 is dropped (section 2.1).
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    # Step 2: normalise. Stringprep is bound to Unicode 3.2 (section 2.2).
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    # Step 3: prohibit.
    for char in prepared:
        if any(table(char) for table in _PROHIBITED):
            raise ValueError(f"U+{ord(char):04X} is not allowed in a name or password (RFC 4013)")
        if stored and stringprep.in_table_a1(char):
            raise ValueError(f"U+{ord(char):04X} is unassigned in Unicode 3.2 (RFC 4013)")
    _check_bidi(prepared)
    return prepared


def _check_bidi(text: str) -> None:
    # RFC 3454 section 6: right-to-left text does not mix with left-to-right, and stands at both
    # ends.
    if not any(stringprep.in_table_d1(char) for char in text):
        return
    if any(stringprep.in_table_d2(char) for char in text):
        raise ValueError("right-to-left and left-to-right letters are mixed (RFC 3454 section 6)")
    if not (stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])):
        raise ValueError("right-to-left text must begin and end with such a letter (RFC 3454 §6)")
