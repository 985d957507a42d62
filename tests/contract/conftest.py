"""A campaign that begins by a signal, a token of a person who may send it, and nobody's calls counted yet."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from campaigns.models import Campaign
from orchcamp.accounts import tokens
from tests.campaigns.test_flow import listening


@pytest.fixture
def quiet():
    cache.clear()


@pytest.fixture
def secret(anna) -> str:
    return tokens.make(anna, "Till")[1]


@pytest.fixture
def second(mark, anna) -> Campaign:
    return listening(mark, anna)
