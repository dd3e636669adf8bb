import pytest

from desktopmail.net.ports import system_ports
from localserver.config import Config, Limits
from localserver.submission.filters import FilterError
from localserver.submission.policy import RateLimit, make_policy


def test_a_rate_limit_slides() -> None:
    limit = RateLimit(2, 60)
    assert [limit.allows("a", now) for now in (0, 10, 20, 61, 65, 71)] == [
        True, True, False, True, False, True,
    ]  # fmt: skip
    assert limit.allows("b", 20)


def test_the_policy_comes_from_the_configuration() -> None:
    config = Config(limits=Limits(messages_per_minute=1), filters=({"kind": "spam"},))
    policy = make_policy(config, system_ports())
    assert policy.users.allows("a", 0)
    assert not policy.users.allows("a", 1)
    assert len(policy.filters) == 1
    with pytest.raises(FilterError):
        make_policy(Config(filters=({"kind": "?"},)), system_ports())
