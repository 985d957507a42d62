"""Acceptance scenarios of the reference by their number: A16 here, and where the others are.

A1 A4 A7 A8 A21: test_scenarios_targeting · A2: test_saved_audiences · A3 A9 A10: test_scenarios_flow ·
A5: test_incremental_query · A6: test_scenarios_files · A13: schedules/test_moments · A19: test_scenarios_filters ·
A12: test_errors · A14: test_scenarios_copy · A15: test_retention · A20: test_breakpoints · A25: test_reporting ·
A11 A22: test_scenarios_lifecycle · A23 A24: test_scenarios_running.
"""

from __future__ import annotations

import re
from pathlib import Path

from campaigns import execution, sending
from orchcamp.messaging.models import Delivery, Suppression
from tests.campaigns.desk_stage import mail_server, make_stage, until_confirmation

HERE = Path(__file__).parent


def test_a16_each_exclusion_has_its_code_and_what_was_targeted_less_them_was_sent(mark, anna):
    Suppression.objects.create(channel="email", address="bob@example.org", reason="manual")
    with mail_server() as port:
        row = until_confirmation(make_stage(mark, port=port), author=mark, approver=anna)
        execution.confirm(row, by=anna)
        execution.run_to_end(row.run)
    balance = sending.balance(Delivery.objects.get())
    assert balance["excluded"] == {
        "no_consent": 1, "suppressed": 1, "no_address": 1, "malformed": 1, "duplicate": 1,
    }  # fmt: skip
    assert (balance["targeted"], balance["accepted"]) == (6, 1)
    assert sum(balance["excluded"].values()) == balance["targeted"] - balance["accepted"]


def test_every_scenario_that_needs_no_later_part_stands_where_the_index_says():
    named = dict.fromkeys(re.findall(r"A\d+", __doc__ or ""))
    found = {
        f"A{number}" for file in HERE.rglob("test_*.py") for number in re.findall(r"def test_a(\d+)_", file.read_text())
    }
    assert set(named) == found
    assert found >= {f"A{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 19, 20, 21, 22, 25)}
