from desktopmail.wire.smtp import limits


def test_the_limits_are_at_least_those_of_rfc_5321_section_4_5_3_1() -> None:
    assert limits.MAX_LOCAL_PART_OCTETS >= 64
    assert limits.MAX_DOMAIN_OCTETS >= 255
    assert limits.MAX_PATH_OCTETS >= 256
    assert limits.MAX_COMMAND_OCTETS >= 512
    assert limits.MAX_REPLY_LINE_OCTETS >= 512
    assert limits.MAX_TEXT_LINE_OCTETS + 2 >= 1000
    assert limits.MAX_RECIPIENTS >= 100


def test_envelope_lines_have_room_for_every_parameter() -> None:
    # RFC 1870 26, RFC 6152 17, RFC 4954 500, RFC 3461 section 5.4 and 500, RFC 6531 10, RFC 8689 11
    assert limits.MAX_ENVELOPE_OCTETS >= 512 + 26 + 17 + 500 + 108 + 10 + 11
    assert limits.MAX_AUTH_OCTETS == 12288  # RFC 4954 section 4
