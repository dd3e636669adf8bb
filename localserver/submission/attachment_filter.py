"""The rule "attachment": names and media types that are not wanted."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from localserver.submission.filter_table import texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from localserver.submission.subject import Subject

# What Windows runs on a double click; the usual list of mail gateways.
_SUFFIXES: Final = """
    ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp
    its js jse ksh lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc
    msh msi msp mst ops pcd pif plg prf prg pst reg scf scr sct shb shs tmp url vb vbe vbs vsw
    ws wsc wsf wsh
"""
PROGRAMS: Final = tuple(f"*.{suffix}" for suffix in _SUFFIXES.split())


class AttachmentRule:
    """Hits a message with an attachment of such a name or type.

    Keys: `names` (patterns as in a shell, default: what Windows runs on a double click), `types`
    (media types, as in "application/x-msdownload" or "video/*").
    """

    def __init__(self, table: Mapping[str, object]) -> None:
        self._types = [each.lower() for each in texts(table, "types", ())]
        default = () if self._types else PROGRAMS
        self._names = [each.lower() for each in texts(table, "names", default)]

    async def hit(self, message: Subject) -> str | None:
        """Look at every attachment."""
        return await message.read(self.find)

    def find(self, message: Subject) -> str | None:
        """Look at every attachment, here and now."""
        for attachment in message.parsed.attachments:
            name = attachment.name.lower()
            if any(fnmatchcase(name, pattern) for pattern in self._names):
                return "an attachment with a name that is not allowed"
            if any(fnmatchcase(attachment.media_type.lower(), p) for p in self._types):
                return "an attachment of a type that is not allowed"
        return None
