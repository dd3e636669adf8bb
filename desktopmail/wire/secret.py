"""A secret is a password, token or application password that never prints itself."""

import hmac
from typing import final


@final
class Secret:
    """Holds a secret text; `repr`, `str`, formatting and pickling do not show it.

    Two secrets compare equal when their texts are equal (in constant time for equal lengths).
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text. Call it as late as possible, and never keep or log the result."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> "tuple[object, ...]":
        raise TypeError("a Secret is not pickled")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)
