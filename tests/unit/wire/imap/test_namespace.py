"""NAMESPACE."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.namespace import Namespace, NamespaceEntry, NamespaceResponse
from tests.helpers.imap import command_both_ways, malformed, read_response, response_both_ways


@pytest.mark.parametrize(
    ("octets", "response"),
    [
        # RFC 2342 section 5.
        (b'NAMESPACE (("" "/")) NIL NIL', NamespaceResponse((NamespaceEntry("", "/"),))),
        (b'NAMESPACE NIL NIL (("" "."))', NamespaceResponse((), (), (NamespaceEntry("", "."),))),
        (
            (
                b'NAMESPACE (("" "/")) (("~" "/")) (("#shared/" "/")("#public/" '
                b'"/")("#ftp/" "/")("#news." "."))'
            ),
            NamespaceResponse(
                (NamespaceEntry("", "/"),),
                (NamespaceEntry("~", "/"),),
                tuple(
                    NamespaceEntry(a, b)
                    for a, b in (
                        ("#shared/", "/"),
                        ("#public/", "/"),
                        ("#ftp/", "/"),
                        ("#news.", "."),
                    )
                ),
            ),
        ),
        (
            b'NAMESPACE (("" "/")("#mh/" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL',
            NamespaceResponse(
                (
                    NamespaceEntry("", "/"),
                    NamespaceEntry("#mh/", "/", ((b"X-PARAM", (b"FLAG1", b"FLAG2")),)),
                ),
            ),
        ),
        (
            b'NAMESPACE (("Entw&APw-rfe" NIL)) NIL NIL',
            NamespaceResponse((NamespaceEntry("Entwürfe", None),)),
        ),
    ],
)
def test_namespaces_of_rfc_2342_section_5_both_ways(
    octets: bytes, response: NamespaceResponse
) -> None:
    response_both_ways(octets, response)


def test_the_command_is_its_name() -> None:
    command_both_ways(b"NAMESPACE", Namespace())


def test_an_empty_delimiter_means_that_names_are_flat() -> None:
    assert read_response(b'NAMESPACE (("" "")) NIL NIL') == NamespaceResponse(
        (NamespaceEntry("", None),)
    )


@pytest.mark.parametrize(
    "octets",
    [b"NAMESPACE", b"NAMESPACE NIL NIL", b"NAMESPACE (x) NIL NIL", b'NAMESPACE (("" "/") NIL NIL'],
)
def test_what_is_no_namespace_is_malformed(octets: bytes) -> None:
    assert malformed(octets)
