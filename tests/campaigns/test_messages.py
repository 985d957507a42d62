"""The preview of a message, and proofs that reach seed addresses only."""

from __future__ import annotations

import pytest

from campaigns import execution, previewing
from campaigns.models import Campaign
from orchcamp.datasets import engine
from orchcamp.datasets.models import Dataset, Snapshot
from orchcamp.messaging.models import ChannelConfiguration, SeedAddress
from tests.builders import make_shop
from tests.campaigns.builders import PARIS, audience, email, graph, make_campaign, make_configuration
from tests.messaging.smtp_server import received, running

PORT = 9166
ADDRESS = "/campaigns/spring/nodes/mail/message"


@pytest.fixture
def campaign(mark) -> Campaign:
    make_shop()
    make_configuration(port=PORT)
    body = "<p>Hello {{ name }} of {{ city|default('somewhere') }}</p><script>alert(1)</script>"
    nodes = {"people": ("build_audience", audience(PARIS)), "mail": ("email", email(body=body)), "end": ("end", {})}
    return make_campaign(graph(nodes, "people>mail", "mail>end"), owner=mark)


def test_before_a_test_the_rows_are_the_dimensions(client, campaign, mark):
    client.force_login(mark)
    page = client.get(ADDRESS).content.decode()
    assert "Hello Ann" in page and "of 6" in page and "No test has come to this message yet" in page
    assert "Hello Dee of somewhere" in client.get(f"{ADDRESS}?row=4&show=text").content.decode()


def test_after_a_test_the_rows_are_those_that_arrive(client, campaign, mark):
    execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    client.force_login(mark)
    page = client.get(f"{ADDRESS}?row=3").content.decode()
    assert "of 3" in page and "Hello Fay" in page and "No test has come" not in page
    for odd in ("99", "0", "-1", "x", "9" * 30, ""):
        assert client.get(f"{ADDRESS}?row={odd}").status_code == 200


def test_the_body_is_its_own_document_that_can_do_nothing(client, campaign, mark):
    client.force_login(mark)
    answer = client.get(f"{ADDRESS}/body?row=2")
    policy = answer["Content-Security-Policy"]
    assert "Hello Bob of Lyon" in answer.content.decode()
    assert "default-src 'none'" in policy and policy.endswith("sandbox") and "script" not in policy


def test_those_who_may_not_see_personal_data_see_it_masked(client, campaign, vera):
    client.force_login(vera)
    assert "Hello ••• of Paris" in client.get(f"{ADDRESS}/body").content.decode()
    page = client.get(f"{ADDRESS}?show=values").content.decode()
    assert "ann@example.org" not in page and "Send a proof" not in page


def test_a_copy_of_a_personal_column_is_masked_too(client, mark, vera):
    make_shop()
    make_configuration(port=PORT)
    items = [{"kind": "attribute", "attribute": "email", "alias": "contact"}]
    nodes = {"people": ("build_audience", audience(PARIS)), "more": ("enrichment", {"data": items})}
    nodes["mail"] = ("email", email(body="<p>Write to {{ contact }} in {{ city }}</p>"))
    found = make_campaign(graph(nodes, "people>more", "more>mail"), owner=mark)
    execution.run_to_end(execution.start(found.latest_version(), mode="test", by=mark))
    client.force_login(vera)
    assert "Write to ••• in Paris" in client.get(f"{ADDRESS}/body").content.decode()


def test_strangers_and_nodes_that_send_nothing_are_not_found(client, campaign, mark, mallory):
    client.force_login(mallory)
    assert client.get(ADDRESS).status_code == client.get(f"{ADDRESS}/body").status_code == 404
    client.force_login(mark)
    assert client.get("/campaigns/spring/nodes/people/message").status_code == 404


def test_what_is_wrong_with_the_content_is_said_on_the_page(client, campaign, mark):
    version = campaign.latest_version()
    version.document["nodes"]["mail"]["settings"]["body"] = "a\n{{ nme }}"
    version.save()
    client.force_login(mark)
    assert "line 2: there is no field “nme” here. Did you mean “name”?" in client.get(ADDRESS).content.decode()
    assert "there is no field" in client.get(f"{ADDRESS}/body").content.decode()


def test_a_proof_goes_to_the_chosen_seeds_and_to_nobody_else(client, campaign, mark, vera, tmp_path):
    seeds = [SeedAddress.objects.create(label=name, address=f"{name}@seed.example") for name in ("one", "two")]
    box = tmp_path / "received"
    client.force_login(mark)
    with running(PORT, box):
        client.post(f"{ADDRESS}/proof", {"row": "2", "seeds": [seeds[0].pk]})
        assert received(box) == {"one@seed.example": 1}
        client.post(f"{ADDRESS}/proof", {"row": "2", "seeds": ["x", "999"]})
        client.force_login(vera)
        assert client.post(f"{ADDRESS}/proof", {"row": "2", "seeds": [seeds[1].pk]}).status_code == 403
    assert received(box) == {"one@seed.example": 1}


def test_a_proof_that_cannot_go_out_says_why(client, campaign, mark):
    seed = SeedAddress.objects.create(label="one", address="one@seed.example")
    ChannelConfiguration.objects.update(port=9169)
    client.force_login(mark)
    page = client.post(f"{ADDRESS}/proof", {"row": "1", "seeds": [seed.pk]}, follow=True).content.decode()
    assert "127.0.0.1:9169 cannot be reached" in page


def test_a_proof_of_a_row_that_is_not_there_is_one_of_the_last(client, campaign, mark, tmp_path):
    seed, box = SeedAddress.objects.create(label="one", address="one@seed.example"), tmp_path / "received"
    client.force_login(mark)
    with running(PORT, box):
        answer = client.post(f"{ADDRESS}/proof", {"row": "999999", "seeds": [seed.pk]})
    assert answer.status_code == 302 and received(box) == {"one@seed.example": 1}


def test_a_proof_shows_nothing_that_its_sender_may_not_see(campaign, monkeypatch):
    seed = SeedAddress.objects.create(label="one", address="one@seed.example")
    rows = []
    monkeypatch.setattr(previewing, "_hand_over", lambda written, configuration, row, addresses: rows.append(row))
    version = campaign.latest_version()
    for masked in (True, False):
        previewing.send_proof(version, version.graph.node("mail"), 1, [seed.pk], masked=masked)
    assert [(row["name"], row["city"]) for row in rows] == [("•••", "Paris"), ("Ann", "Paris")]


def test_the_rows_are_those_of_the_run_after_new_data_came(client, campaign, mark):
    execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    people = Dataset.objects.get(slug="people")
    path = "datasets/people/2.parquet"
    engine.write(engine.table(people.snapshot.path).filter(lambda row: row.id > 4), path)
    people.snapshot = Snapshot.objects.create(dataset=people, number=2, path=path, rows=2)
    people.save()
    client.force_login(mark)
    assert "Hello Ann of Paris" in client.get(f"{ADDRESS}/body").content.decode()


def test_the_values_of_a_row_are_for_those_who_may_see_the_data(client, campaign, mark, vera):
    for person, shown in ((mark, True), (vera, False)):
        client.force_login(person)
        page = client.get(f"{ADDRESS}?show=values").content.decode()
        assert ("<td>Paris</td>" in page, "data_object" in page) == (shown, shown)


# --- Other channels --------------------------------------------------------------------------------------

SMS = {
    "configuration": "texter",
    "text": "Hello {{ name }}, {{ variables.wish }} {{ city|default('?') }}",
    "address": "city",
}
PUSH = {"configuration": "app", "title": "For {{ name }}", "body": "Come to {{ city }}", "link": "", "address": "email"}
LETTER = {"configuration": "printer", "address": ["name", "city"], "columns": ["email"]}


def of_channel(owner, kind, settings) -> Campaign:
    make_shop()
    make_configuration(slug=settings["configuration"], channel=kind)
    nodes = {"people": ("build_audience", audience(PARIS)), "mail": (kind, settings), "end": ("end", {})}
    return make_campaign(graph(nodes, "people>mail", "mail>end"), owner=owner, variables={"wish": "see"})


@pytest.mark.parametrize(
    ("kind", "written", "said"),
    [
        ("sms", SMS, ["Hello Ann, see Paris", "20 characters, 1 SMS (GSM-7)"]),
        ("push", PUSH, ["For Ann", "Come to Paris"]),
        ("direct_mail", LETTER, ["Ann\nParis", "ann@example.org"]),
    ],
)
def test_texts_and_letters_are_shown_row_by_row(client, mark, vera, kind, written, said):
    campaign = of_channel(mark, kind, written)
    execution.run_to_end(execution.start(campaign.latest_version(), mode="test", by=mark))
    client.force_login(mark)
    page = client.get(ADDRESS).content.decode()
    assert [text for text in said if text not in page] == []
    assert "of 3" in page and "Phone</a>" not in page and "Send a proof" not in page
    assert "Fay" in client.get(f"{ADDRESS}?row=3").content.decode()
    assert ADDRESS in client.get("/campaigns/spring/nodes/mail/", headers={"HX-Request": "true"}).content.decode()
    assert client.post(f"{ADDRESS}/proof", {"seeds": ["1"]}).status_code == 404
    client.force_login(vera)
    masked = client.get(ADDRESS).content.decode()
    assert "•••" in masked and "Ann" not in masked.replace("Anna", "")


def test_a_text_that_one_row_cannot_get_says_why(client, mark):
    of_channel(mark, "push", PUSH)
    client.force_login(mark)
    assert "“city” is empty" in client.get(f"{ADDRESS}?row=4").content.decode()
