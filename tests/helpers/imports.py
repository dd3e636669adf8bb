"""What a module brings along when it is imported, told by a process of its own."""

from __future__ import annotations

import subprocess
import sys

#: What only those need who speak to a server; they take long to load.
NETWORK = frozenset({"asyncio", "ssl", "msgspec", "cryptography", "idna"})


def imported_with(*modules: str) -> set[str]:
    """The names of all modules that are loaded with these."""
    asked = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True, timeout=60
    )
    return set(found.stdout.split())
