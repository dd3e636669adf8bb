import pytest

from localserver.queue.route import Hop, Mx, NoRouteError, hops


class Zone:
    def __init__(self, records: list[Mx] | NoRouteError) -> None:
        self._records = records

    async def mx(self, domain: str) -> list[Mx]:
        assert domain
        if isinstance(self._records, NoRouteError):
            raise self._records
        return self._records


async def test_mx_records_go_by_preference() -> None:
    zone = Zone([Mx(20, "b.example"), Mx(10, "c.example"), Mx(10, "a.example")])
    assert await hops("d.example", zone) == [Hop("a.example"), Hop("c.example"), Hop("b.example")]


async def test_without_mx_the_domain_itself_is_tried() -> None:
    assert await hops("d.example", Zone([])) == [Hop("d.example")]


async def test_a_null_mx_takes_no_mail() -> None:
    with pytest.raises(NoRouteError) as caught:
        await hops("d.example", Zone([Mx(0, "")]))
    assert caught.value.status == "5.1.10"  # RFC 7505 section 4.2
    assert not caught.value.temporary


async def test_errors_of_dns_pass() -> None:
    for error in (NoRouteError("no", "5.1.2"), NoRouteError("later", "4.4.3", temporary=True)):
        with pytest.raises(NoRouteError) as caught:
            await hops("d.example", Zone(error))
        assert caught.value is error


async def test_literals_need_no_dns() -> None:
    zone = Zone(NoRouteError("not asked", "5.0.0"))
    assert await hops("[192.0.2.1]", zone) == [Hop("192.0.2.1")]
    assert await hops("[IPv6:2001:db8::1]", zone) == [Hop("2001:db8::1")]


async def test_a_zone_of_a_hundred_records_is_not_tried_to_its_end() -> None:
    assert len(await hops("d.example", Zone([Mx(1, f"h{i}.example") for i in range(100)]))) == 8
