"""Where the files of `resources/` are: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_INSTALLED = Path(__file__).parent / "_resources"
_CHECKOUT = Path(__file__).parent.parent / "resources"


def path(*parts: str) -> Path:
    """Return the path of a resource, for example `path("demo", "alice")`.

    Raises:
        FileNotFoundError: The installation is damaged: the resource is not there.
    """
    for root in (_INSTALLED, _CHECKOUT):
        found = root.joinpath(*parts)
        if found.exists():
            return found
    raise FileNotFoundError(
        f"The file resources/{'/'.join(parts)} is missing; install desktopmail again."
    )
