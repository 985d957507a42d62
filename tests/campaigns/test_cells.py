"""The cells of the list: what is not ours is escaped, and days are those of the reader's clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from campaigns import cells, columns
from campaigns.models import Campaign, Run
from campaigns.rows import Row

EVIL = '<script>alert("1")</script>'


def row(campaign: Campaign, run: Run | None = None, **more) -> Row:
    campaign.may_change = True
    return Row(campaign, (("mail", EVIL),), run, 3, None, EVIL, **more)


@pytest.mark.parametrize("column", columns.COLUMNS, ids=lambda column: column.key)
def test_no_cell_lets_through_what_people_have_written(column):
    campaign = Campaign(slug="spring", name=EVIL, tags=[EVIL], dimension=EVIL, modified_at=datetime.now(UTC))
    run = Run(pk=7, status="failed", mode="test", error=EVIL, started_at=datetime.now(UTC))
    line = cells.line(row(campaign, run), columns.attributes([column]))
    assert line.startswith("<td") and "<script" not in line and 'alert("1")' not in line


def test_the_day_on_which_a_campaign_goes_is_one_of_the_readers_clocks():
    campaign = Campaign(slug="spring", status="archived")
    gone_at = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Paris"):
        assert "removed on 12/02/2026" in cells.status(row(campaign, gone_at=gone_at))


def test_what_there_is_none_of_is_a_dash():
    campaign = Campaign(slug="spring", created_at=None, modified_at=None)
    for key in ("last_run", "error", "owner", "folder", "created"):
        assert "–" in str(cells.CELLS[key](row(campaign)))
