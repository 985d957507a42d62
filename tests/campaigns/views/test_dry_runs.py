"""Dry runs as people see them: started by one press, watched, read; and what those without the right do not see."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import canvas, counts, execution, lifecycle, store
from campaigns.models import Campaign, Run
from tests.campaigns.builders import PARIS, audience, email, graph, simple_graph
from tests.campaigns.desk_stage import ask, make_stage

HTMX = {"HX-Request": "true"}
BODY = "<p>Dear {{ name }}</p>"


@pytest.fixture
def campaign(mark) -> Campaign:
    return make_stage(mark, simple_graph(body=BODY))


@pytest.fixture
def run(campaign, mark) -> Run:
    return execution.run_to_end(execution.start(campaign.draft(), mode=Run.Mode.DRY, by=mark))


def signed_in(user, htmx: bool = False) -> Client:
    client = Client(headers=HTMX if htmx else {})
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def at(name, run, *more):
    return reverse(f"campaigns:{name}", args=[run.campaign.slug, run.pk, *more])


def start(user, data=None, htmx=True):
    return signed_in(user, htmx).post(reverse("campaigns:dry_run", args=["spring"]), data or {})


def tried(user, data=None) -> Run:
    """Started as a person does it, and done."""
    start(user, data)
    return execution.run_to_end(Run.objects.latest("pk"))


# --- Starting ---------------------------------------------------------------------------------------------


def test_one_press_makes_a_dry_run_and_opens_the_panel(campaign, mark):
    response = start(mark)
    assert response.status_code == 200
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#panel", "innerHTML")
    assert "canvas-changed" in response["HX-Trigger"]
    run = Run.objects.get()
    assert (run.mode, run.status, run.started_by) == ("dry", "running", mark)
    page = text(response)
    assert "Step 0 of 3" in page and "every 1s" in page and at("dry_result", run) in page


def test_without_script_one_comes_to_the_result(campaign, mark):
    response = start(mark, htmx=False)
    assert response["Location"] == at("dry_result", Run.objects.get())


def test_a_viewer_starts_none_and_a_broken_canvas_says_why(mark, vera):
    make_stage(mark, simple_graph(subject=""))
    assert start(vera).status_code == 403
    response = start(mark)
    assert response.status_code == 204 and "The canvas cannot run" in response["HX-Trigger"]
    assert not Run.objects.exists()


def test_a_frozen_version_is_not_tried(campaign, mark):
    ask(campaign, mark)
    before = Run.objects.count()
    assert "There is no draft to try" in start(mark)["HX-Trigger"]
    assert "There is no draft to try" in text(signed_in(mark).get(reverse("campaigns:dry_run", args=["spring"])))
    assert Run.objects.count() == before


def asking():
    nodes = {
        "a": ("build_audience", audience()),
        "q": ("approval", {"title": "Send?", "group": "Approver"}),
        "mail": ("email", email()),
        "no": ("end", {}),
    }
    return graph(nodes, "a>q", "q.yes>mail", "q.no>no")


def test_what_is_assumed_is_asked_before_and_told_after(mark):
    make_stage(mark, asking())
    page = text(signed_in(mark).get(reverse("campaigns:canvas", args=["spring"])))
    assert "Dry run…" in page and f'href="{reverse("campaigns:dry_run", args=["spring"])}"' in page
    assert 'name="answer-q"' in text(signed_in(mark).get(reverse("campaigns:dry_run", args=["spring"])))
    run = tried(mark, {"answer-q": "no"})
    assert run.nodes.get(node_id="q").follows == ["no"]
    page = text(signed_in(mark).get(at("dry_result", run)))
    assert "This dry run assumed:" in page and "Q: No" in page and "The run came to no message." in page


def test_the_button_says_why_it_cannot_be_used(campaign, mark):
    execution.start(campaign.draft(), mode=Run.Mode.DRY)
    page = text(signed_in(mark).get(reverse("campaigns:canvas", args=["spring"])))
    assert "A dry run is on; wait until it has ended." in page
    make = simple_graph(subject="")
    campaign.versions.update(document=make.to_json())
    assert "Mend 1 error first" in text(signed_in(mark).get(reverse("campaigns:canvas", args=["spring"])))


# --- Reading ------------------------------------------------------------------------------------------------


def test_the_result_tells_everything_of_each_channel(run, mark):
    page = text(signed_in(mark).get(at("dry_result", run)))
    for words in ("Books balance: all 6", "Duplicate address", "Malformed address", "No address", "No consent"):
        assert words in page
    assert "All 2 messages were put together." in page and "None fails." in page
    assert "rate unknown" in page and "somebody confirms the sending" in page
    assert page.count('class="chip') >= 2 and ("Hello Ann" in page or "Hello Bob" in page)


def test_the_canvas_shows_its_counts_and_leads_to_it(run, mark):
    version = run.campaign.latest_version()
    assert counts.transition_counts(version)["mail", "out"] == counts.Count(6)
    page = text(signed_in(mark).get(reverse("campaigns:canvas", args=["spring"])))
    assert "last dry run" in page and reverse("campaigns:dry_panel", args=["spring"]) in page
    panel = text(signed_in(mark, htmx=True).get(reverse("campaigns:dry_panel", args=["spring"])))
    assert "Would be sent" in panel and "changed since" not in panel
    canvas.configure_node(version, "people", revision=version.revision, by=mark, settings=audience(PARIS))
    assert "changed since" in text(signed_in(mark, htmx=True).get(reverse("campaigns:dry_panel", args=["spring"])))
    assert "Make a new one" in text(signed_in(mark).get(at("dry_result", run)))


def test_the_panel_asks_on_while_the_run_does(campaign, mark):
    run = execution.start(campaign.draft(), mode=Run.Mode.DRY)
    htmx, address = signed_in(mark, htmx=True), reverse("campaigns:dry_panel", args=["spring"])
    answer = htmx.get(address)
    assert answer.status_code == 200 and "every 1s" in text(answer) and "Step 0 of 3" in text(answer)
    assert "every 2s" in text(htmx.get(at("dry_result", run)))
    execution.run_to_end(run)
    answer = htmx.get(f"{address}?poll")
    assert answer.status_code == 286 and "every 1s" not in text(answer)


def test_before_any_dry_run_the_panel_says_what_one_is(campaign, mark):
    assert "No dry run yet" in text(signed_in(mark, htmx=True).get(reverse("campaigns:dry_panel", args=["spring"])))


def test_samples_are_chosen_and_framed(run, mark):
    sealed = run.sealed_plans.get()
    first, second = (sample["message"] for sample in sealed.samples)
    page = text(signed_in(mark, htmx=True).get(at("dry_samples", run, "mail"), {"sample": second}))
    assert at("dry_body", run, "mail", second) in page and at("dry_body", run, "mail", first) not in page
    frame = signed_in(mark).get(at("dry_body", run, "mail", second))
    assert "Dear " in text(frame) and "sandbox" in frame["Content-Security-Policy"]
    assert signed_in(mark).get(at("dry_samples", run, "people")).status_code == 404


def test_who_may_not_see_personal_data_reads_the_message_without_it(run, vera):
    page = text(signed_in(vera).get(at("dry_result", run)))
    assert "Hello •••" in page and "personal values are hidden" in page
    message = run.sealed_plans.get().samples[0]["message"]
    frame = text(signed_in(vera).get(at("dry_body", run, "mail", message)))
    for words in (page, frame):
        assert "Ann" not in words and "Bob" not in words and "example.org" not in words
    assert "Dear •••" in frame and "<dt>id</dt>" not in page.replace(' class="mono"', "")


def test_faults_lead_to_an_example(mark):
    make_stage(mark, simple_graph(body="<p>{{ name|number }}</p>"))
    run = tried(mark)
    page = text(signed_in(mark).get(at("dry_result", run)))
    assert "2 fail." in page and "Use the filter only where the field holds such a value" in page
    example = run.sealed_plans.get().faults[0]["example"]
    shown = text(signed_in(mark).get(at("dry_samples", run, "mail"), {"sample": example}))
    assert "A filter could not work with the value" in shown and ("Ann" in shown or "Bob" in shown)


def test_rows_that_were_purged_are_said_to_be(run, mark):
    store.purge(run.pk)
    assert "are not kept any more" in text(signed_in(mark).get(at("dry_result", run)))
    message = run.sealed_plans.get().samples[0]["message"]
    assert "are not kept any more" in text(signed_in(mark).get(at("dry_body", run, "mail", message)))


def test_only_dry_runs_have_such_a_page(campaign, mark):
    test = execution.start(campaign.draft(), mode=Run.Mode.TEST)
    assert signed_in(mark).get(at("dry_result", test)).status_code == 404


def test_a_failed_dry_run_says_what_happened(campaign, mark, data_dir):
    (data_dir / "lake/datasets/people/1.parquet").write_bytes(b"broken")
    run = tried(mark)
    assert run.status == "failed" and run.foresight == {}
    assert "callout-red" in text(signed_in(mark).get(at("dry_result", run)))


# --- In an approval -----------------------------------------------------------------------------------------


def test_an_approval_carries_the_dry_run_of_the_same_canvas(run, mark, anna):
    approval = ask(run.campaign, mark)
    assert approval.test_run == run and approval.counts["mail"] == {"out": 6}
    page = text(signed_in(anna, htmx=True).get(reverse("campaigns:approval", args=[approval.pk])))
    assert "Would be sent" in page and page.count("bar-orange") == 4 and "by a dry run" in page


def test_its_failing_messages_stand_in_the_request(mark, anna):
    campaign = make_stage(mark, simple_graph(body="<p>{{ name|number }}</p>"))
    tried(mark)
    approval = ask(campaign, mark)
    page = text(signed_in(anna, htmx=True).get(reverse("campaigns:approval", args=[approval.pk])))
    assert "2 of 2 messages put together failed." in page


def test_a_dry_run_of_another_canvas_or_another_answer_is_not_carried(mark):
    campaign = make_stage(mark, asking())
    tried(mark, {"answer-q": "no"})
    assert counts.holding_dry_run(campaign.draft()) is None
    plain = tried(mark, {"answer-q": "yes"})
    assert counts.holding_dry_run(campaign.draft()) == plain
    assert lifecycle.submit(campaign.draft(), by=mark).test_run == plain
