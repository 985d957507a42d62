"""Tags, filters, lists and toasts of the interface."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.urls import reverse
from django.utils import timezone

from orchcamp.web import fragments, lists
from orchcamp.web.templatetags import ui

BORROWED = [
    "unfold/fonts/inter/styles.css",
    "unfold/fonts/material-symbols/styles.css",
    "unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2",
    "unfold/css/styles.css",
    "unfold/js/chart/chart.js",
    "django_htmx/htmx-2.min.js",
]


@pytest.mark.parametrize("path", BORROWED)
def test_what_the_pages_borrow_from_installed_packages_is_there(path):
    assert finders.find(path)


def draw(source: str, **context) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (1234567, "1,234,567"), (-1200, "-1,200"), (None, "–"), ("", "–")]
)
def test_numbers_have_separators(value, shown):
    assert draw("{{ value|thousands }}", value=value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.355, "35.5 %"), (0, "0.0 %"), (1, "100.0 %"), (None, "–")])
def test_rates_are_percentages(value, shown):
    assert draw("{{ value|percent }}", value=value) == shown


def test_times_are_distances_with_the_exact_time_on_hover():
    now = timezone.now()
    assert "just now" in ui.ago(now)
    assert "3\xa0hours ago" in ui.ago(now - timedelta(hours=3, minutes=10))
    assert "in 2\xa0days" in ui.ago(now + timedelta(days=2, minutes=1))
    assert 'title="Jan. 5, 2024, 10 a.m. UTC"' in ui.ago(datetime(2024, 1, 5, 10, tzinfo=UTC))
    assert ui.ago(date(2024, 1, 5)) == '<time datetime="2024-01-05">Jan. 5, 2024</time>'
    assert ui.ago(None) == "–"


def test_badges_and_icons_escape_what_they_are_given():
    assert draw('{% badge label "red" %}', label="<b>") == '<span class="badge badge-red">&lt;b&gt;</span>'
    assert "&lt;b&gt;" in draw("{% icon name %}", name="<b>")
    with pytest.raises(TemplateSyntaxError):
        draw('{% badge "x" "purple" %}')


def test_the_query_string_is_edited_not_lost():
    request = RequestFactory().get("/?q=a b&page=2&status=x&status=y")
    assert draw("{% query page=3 %}", request=request) == "?q=a+b&amp;page=3&amp;status=x&amp;status=y"
    assert draw('{% query page=None q="" %}', request=request) == "?status=x&amp;status=y"


@pytest.mark.parametrize(("asked", "number"), [("", 1), ("2", 2), ("99", 4), ("0", 4), ("-3", 4), ("nonsense", 1)])
def test_a_bad_page_number_gives_a_page(asked, number):
    page = lists.paginate(RequestFactory().get(f"/?page={asked}"), range(100))
    assert page.number == number


def test_a_toast_travels_in_a_header():
    response = fragments.toast(HttpResponse(), "Saved: “é”", "blue")
    assert json.loads(response["HX-Trigger"]) == {"toast": {"message": "Saved: “é”", "tone": "blue"}}
    response["HX-Trigger"].encode("latin-1")  # what a header can carry


def test_a_title_is_escaped_once_and_said_twice(client, mark):
    client.force_login(mark)
    page = client.get("/account/").content.decode()
    assert "<title>Your account · Orchcamp</title>" in page
    assert "<h1>Your account</h1>" in page


def test_one_moment_is_told_by_the_clocks_of_each_reader():
    moment = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with timezone.override("Europe/Paris"):
        assert 'title="Oct. 25, 2026, 2:30 a.m. CET"' in ui.ago(moment)
        assert 'title="Oct. 25, 2026, 2:30 a.m. CEST"' in ui.ago(moment - timedelta(hours=1))  # that hour comes twice
        assert "2:30 a.m. CET" in ui.logged(moment) and ">10/25/2026 02:30:00<" in ui.logged(moment)
    with timezone.override("America/New_York"):
        assert 'title="Oct. 24, 2026, 9:30 p.m. EDT"' in ui.ago(moment)


def test_an_address_of_a_row_is_that_of_the_view():
    assert ui.address("campaigns:run", "spring", 7) == reverse("campaigns:run", args=["spring", 7])
    with override_script_prefix("/under/"):
        assert ui.address("campaigns:run", "spring", 7) == "/under/campaigns/spring/runs/7/"
