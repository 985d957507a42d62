"""A person at a canvas without a browser: every deed sends what the forms of the page would send, and only that."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns import execution
from campaigns.approvals import requests
from campaigns.models import Approval, Campaign, Question, Run
from orchcamp.accounts.models import User

HTMX = {"HX-Request": "true"}
ALERT = re.compile(r"class=\"alert flag-(\w+)\".*?<span>(.*?)</span>", re.DOTALL)
TRIES = 8


class NodeForm(HTMLParser):
    """What stands in the settings form of a panel: names, what is chosen, what can be chosen, what can be pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.offered: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, str]] = []
        self._inside = False
        self._select = self._area = ""
        self._chosen: str | None = None
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == "node-form"
        name, value = given.get("name") or "", given.get("value") or ""
        if not self._inside:
            return
        if tag == "option" and self._select:
            self.offered[self._select].append(value)
            if "selected" in given or self._chosen is None:
                self._chosen = value
        elif tag == "button" and name:
            self.buttons.append((name, value))
        elif name and tag in ("input", "select", "textarea"):
            self._named(tag, name, value, given)

    def _named(self, tag: str, name: str, value: str, given: dict[str, Any]) -> None:
        self.names.add(name)
        if tag == "select":
            self._select, self._chosen = name, None
            self.offered[name] = []
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif given.get("type") in ("checkbox", "radio"):
            self.offered.setdefault(name, []).append(value or "on")
            if "checked" in given:
                self.sent.append((name, value or "on"))
        elif given.get("type") != "file":
            self.sent.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            self.sent.append((self._select, self._chosen or ""))
            self._select = ""
        elif tag == "textarea" and self._area:
            self.sent.append((self._area, self._text.removeprefix("\n")))
            self._area = ""
        elif tag == "form":
            self._inside = False

    def takes(self, name: str, value: Any) -> bool:
        """Whether a person could put this value there."""
        values = value if isinstance(value, list) else [value]
        return name in self.names and (
            name not in self.offered or value is False or all(one in self.offered[name] for one in values)
        )

    def filled(self, fields: dict[str, Any]) -> dict[str, list[str]]:
        """What is sent after these fields were filled in; those that are not there yet are left for later."""
        data: dict[str, list[str]] = {}
        for name, value in self.sent:
            data.setdefault(name, []).append(value)
        for name, value in fields.items():
            if value is False:
                data.pop(name, None)
            elif self.takes(name, value):
                data[name] = value if isinstance(value, list) else [value]
                for part in [one for one in data if one.startswith(f"{name}:") and one.count(":") > 1]:
                    del data[part]  # a rule's own inputs, drawn for the rule that was there
        return data

    def button(self, missing: str) -> tuple[str, str]:
        """What to press to come nearer to a field: “add a row” of its list, else “offer what fits these choices”."""
        if missing not in self.names:
            for name in sorted({name for name, value in self.buttons if value == "add"}, key=len, reverse=True):
                prefix = name.removesuffix("edit")
                row = prefix + missing.removeprefix(prefix).partition("-")[0] + "-"
                if missing.startswith(prefix) and not any(one.startswith(row) for one in self.names):
                    return name, "add"
        return "redraw-edit", "1"


@dataclass
class Hands:
    """Somebody who builds and tries a campaign, and somebody else who approves and publishes it."""

    campaign: Campaign
    manager: User
    approver: User
    stage: dict[str, Any] = field(default_factory=dict)  # what else is there: servers, configurations
    clients: dict[int, Client] = field(default_factory=dict)

    def client(self, user: User) -> Client:
        if user.pk not in self.clients:
            self.clients[user.pk] = Client(headers=HTMX)
            self.clients[user.pk].force_login(user)
        return self.clients[user.pk]

    def address(self, name: str, *args: Any) -> str:
        return reverse(f"campaigns:{name}", args=[self.campaign.slug, *args])

    def post(self, name: str, *args: Any, by: User | None = None, **data: Any) -> str:
        response = self.client(by or self.manager).post(self.address(name, *args), data)
        assert response.status_code in (200, 204, 302), response.content.decode()
        assert "red" not in response.headers.get("HX-Trigger", ""), response.headers["HX-Trigger"]
        return response.content.decode()

    def page(self, name: str, *args: Any, by: User | None = None) -> str:
        return self.client(by or self.manager).get(self.address(name, *args)).content.decode()

    @property
    def revision(self) -> int:
        return self.campaign.latest_version().revision

    def put(self, type: str, after: str = "", /, **fields: Any) -> str:
        """Take an activity from the palette, behind a port such as “n1” or “n1.rest”, and fill in its panel."""
        node, _dot, port = after.partition(".")
        place = {"after": node, "port": port or "out"} if node else {"begin": "1"}
        assert f'value="{type}"' in self.client(self.manager).get(self.address("add_node"), place).content.decode()
        panel = self.post("add_node", type=type, revision=self.revision, **place)
        found = re.search(r'data-node="([^"]+)"', panel)
        assert found, panel
        if fields:
            self.fill(found[1], **fields)
        return found[1]

    def fill(self, node: str, /, **fields: Any) -> None:
        """Fill in the settings of a node and save; ``a__0__b`` is the field “a-0-b”, True and False a check box."""
        given = {name.replace("__", "-"): "on" if value is True else value for name, value in fields.items()}
        page = self.page("node", node)
        for _try in range(TRIES):
            form = NodeForm(page)
            missing = [name for name, value in given.items() if not form.takes(name, value)]
            if not missing:
                break
            button, value = form.button(missing[0])
            page = self.post("node", node, **form.filled(given), **{button: value})
        else:
            wanted = {name: (given[name], form.offered.get(name)) for name in missing}
            errors = re.findall(r'class="field-error[^>]*>(.*?)<', page)
            raise AssertionError(f"The panel of {node} does not take {wanted}; {errors}; it has {sorted(form.names)}")
        page = self.post("node", node, **form.filled(given))
        assert 'class="saved"' in page, re.findall(r'class="field-error[^>]*>(.*?)<', page) or page

    def upload(self, node: str, name: str, content: str) -> None:
        """Give a node its file; its columns are detected."""
        file = SimpleUploadedFile(name, content.encode())
        data = NodeForm(self.page("node", node)).filled({}) | {"upload": file, "do": "upload"}
        page = self.post("node_file", node, **data)
        assert 'class="saved"' in page, page

    def join(self, outlet: str, target: str) -> None:
        """Connect one more path in the panel of a node where several come together."""
        node, _dot, port = outlet.partition(".")
        place = f"{node}:{port or 'out'}"
        assert f'value="{place}"' in self.page("node", target)
        self.post("connect", outlet=place, target=target, target_port="in", panel=target, revision=self.revision)

    def alerts(self) -> list[str]:
        """The sentences of the alerts panel that keep the campaign from running."""
        found = ALERT.findall(self.page("alerts"))
        return [unescape(re.sub(r"<[^>]+>", " ", sentence)) for severity, sentence in found if severity == "error"]

    def test(self) -> Run:
        self.post("test")
        return execution.run_to_end(self.campaign.runs.latest("pk"))

    def publish(self) -> Run:
        """Sent for approval with a dry run, approved and published by another; the run goes as far as it can by itself."""
        requests.rehearsed(self.campaign.draft(), self.manager)
        self.post("submit", message="Please")
        asked = Approval.objects.get(version__campaign=self.campaign, status=Approval.Status.WAITING)
        decision = self.client(self.approver).post(
            reverse("campaigns:decide", args=[asked.pk]), {"decision": "approve"}
        )
        assert decision.status_code == 200, decision.content.decode()
        self.post("publish", by=self.approver)
        return execution.run_to_end(self.campaign.runs.filter(mode=Run.Mode.LIVE).latest("pk"))

    def confirm(self, run: Run, node: str) -> Run:
        self.post("confirm", run.pk, node, by=self.approver)
        return execution.run_to_end(run)

    def answer(self, run: Run, code: str) -> Run:
        question = Question.objects.get(node_run__run=run)
        response = self.client(self.approver).post(reverse("campaigns:answer", args=[question.pk]), {"answer": code})
        assert response.status_code == 200, response.content.decode()
        return execution.run_to_end(run)

    def signal(self, run: Run, **parameters: Any) -> Run:
        self.post("signal", by=self.approver, **{f"parameter-{name}": value for name, value in parameters.items()})
        return execution.run_to_end(run)


def figures(run: Run) -> dict[str, dict[str, int]]:
    """Rows by node and port."""
    run.refresh_from_db()
    return {one.node_id: {port: kept["rows"] for port, kept in one.outputs.items()} for one in run.nodes.all()}
