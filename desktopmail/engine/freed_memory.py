"""Memory that was freed, given back to the system.

Large pieces go back at once; of small ones the C library keeps the room between those that are in
use: after a first sync that is a fifth of all that the engine has.
"""

from __future__ import annotations


def give_back() -> None:
    """Have the C library look for whole pages that nothing stands in; it takes some 10 ms.

    Where it has no way to do that (anywhere but with glibc) nothing is done.
    """
    import ctypes  # a megabyte, and needed only here

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
