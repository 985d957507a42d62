"""The reference says what is there."""

from __future__ import annotations

from pathlib import Path

from orchcamp.datasets import expressions
from orchcamp.datasets.expressions import reference

from .stage import refusal

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "expressions.md"
# Every name of the reference specification, §6.11.1 to §6.11.7.
NAMES = [
    "Avg",
    "Count",
    "CountAll",
    "Countdistinct",
    "Max",
    "Min",
    "StdDev",
    "StringAgg",
    "Sum",
    "AddDays",
    "AddHours",
    "AddMinutes",
    "AddMonths",
    "AddSeconds",
    "AddYears",
    "ConvertNTZ",
    "DateCmp",
    "DateOnly",
    "Day",
    "DayOfYear",
    "DaysAgo",
    "DaysAgoInt",
    "DaysDiff",
    "DaysOld",
    "GetDate",
    "Hour",
    "HoursDiff",
    "Minute",
    "MinutesDiff",
    "Month",
    "MonthsAgo",
    "MonthsDiff",
    "MonthsOld",
    "Oldest",
    "Second",
    "SecondsDiff",
    "SubDays",
    "SubHours",
    "SubMinutes",
    "SubMonths",
    "SubSeconds",
    "SubYears",
    "ToDate",
    "ToDateTime",
    "ToTimestamp",
    "ToTimeZone",
    "TruncDate",
    "TruncDateTZ",
    "TruncQuarter",
    "TruncTime",
    "TruncWeek",
    "TruncYear",
    "WeekDay",
    "Year",
    "YearAndMonth",
    "YearsAgo",
    "YearsDiff",
    "YearsOld",
    "Distance",
    "Abs",
    "Ceil",
    "Floor",
    "Greatest",
    "Least",
    "Mod",
    "Percent",
    "Random",
    "Round",
    "Sign",
    "ToDouble",
    "ToInt64",
    "ToInteger",
    "Trunc",
    "AESEncrypt",
    "Case",
    "When",
    "Else",
    "ClearBit",
    "SetBit",
    "IsBitSet",
    "Coalesce",
    "Decode",
    "GetEmailDomain",
    "GetMirrorURL",
    "Iif",
    "IsEmptyString",
    "NewUUID",
    "NoNull",
    "RowId",
    "ToBoolean",
    "ToBooleanType",
    "ObjectConstruct",
    "AllNonNull2",
    "AllNonNull3",
    "Ascii",
    "Char",
    "Charindex",
    "dataLength",
    "GetLine",
    "IfEquals",
    "IsMemoNull",
    "JuxtWords",
    "JuxtWords3",
    "Left",
    "Length",
    "Line",
    "Lower",
    "LPad",
    "Ltrim",
    "Md5Digest",
    "MemoContains",
    "NodeValue",
    "Replace",
    "Right",
    "RPad",
    "Rtrim",
    "Sha256Digest",
    "Sha512Digest",
    "Smart",
    "Substring",
    "ToString",
    "Upper",
    "VirtualLink",
    "VirtualLinkStr",
    "_Over_",
    "Desc",
    "OrderBy",
    "PartitionBy",
    "RowNum",
]
# Those that only make sense in the vendor's store.
LEFT_OUT = {"VirtualLink", "VirtualLinkStr", "NodeValue", "GetMirrorURL", "RowId", "IsMemoNull", "MemoContains"}


def test_every_function_of_the_specification_is_there_or_refused_with_a_reason():
    offered = {function.name for function in expressions.functions()}
    assert offered == set(NAMES) - LEFT_OUT
    assert {name for name, _why in expressions.REFUSED.values()} == LEFT_OUT


def test_a_function_that_is_left_out_is_refused_with_its_reason():
    assert refusal("1 + nodevalue('x')") == (
        "Line 1, column 5: NodeValue is not offered: columns hold no XML; load the value as a column of its own"
    )
    for name in LEFT_OUT:
        assert f"{name} is not offered" in refusal(f"{name}()")


def test_the_page_is_as_the_functions_are():
    assert PAGE.read_text() == reference.page(), "run manage.py write_reference"


def test_the_page_names_every_function():
    text = PAGE.read_text()
    assert not [name for name in NAMES if f"`{name}" not in text]
