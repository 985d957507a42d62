"""What several suites of campaigns begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import make_shop
from tests.campaigns.builders import make_configuration
from tests.campaigns.desk_stage import mail_server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A local server that takes every mail."""
    with mail_server() as found:
        yield found


@pytest.fixture
def mailed_shop(db, port) -> None:
    """The shop, and a channel whose messages go out."""
    make_shop()
    make_configuration(port=port)
