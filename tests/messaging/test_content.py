"""Content: rendered for one recipient, or a sentence that says what is wrong and where."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from decimal import Decimal

import pytest

from orchcamp.messaging import content, markup
from orchcamp.messaging.content import Content, ContentError, RenderError

ROW = {"name": "Zoë", "city": None, "amount": Decimal("12.5000"), "born": date(1980, 5, 1), content.UNSUBSCRIBE: "u:1"}
MJML = (
    "<mjml><mj-body><mj-section><mj-column>"
    "<mj-text>{% if amount < 20 %}Hello {{ name }}{% endif %}<br>next</mj-text>"
    '<mj-button href="https://shop.example/?a={{ name|urlencode }}&amp;b=1">Go there</mj-button>'
    "</mj-column></mj-section></mj-body></mjml>"
)


def render(body="<p>x</p>", row=None, **given):
    return content.compile(Content(**{"subject": "Hi {{ name }}", "body": body} | given)).render(row or ROW)


def test_fields_are_filled_in_and_escaped_in_html_only():
    made = render("<p>{{ name }}</p>", {"name": "<b>&/"} | {content.UNSUBSCRIBE: "u"}, text="{{ name }}")
    assert made.subject == "Hi <b>&/" and "<p>&lt;b&gt;&amp;/</p>" in made.html and made.text.startswith("<b>&/")


def test_values_look_as_people_write_them():
    text = "{{ amount }} {{ born }} {{ born|date }} {{ born|date('d/m/Y') }} {{ 12345.678|number(2) }}"
    assert render(text=text).text.startswith("12.5 1980-05-01 1 May 1980 01/05/1980 12,345.68")


@pytest.mark.parametrize("row", [{"name": None}, {"name": ""}, {}])
def test_an_empty_field_is_an_error_of_that_recipient(row):
    with pytest.raises(RenderError, match=r"“name” is empty; write \{\{ name\|default\('…'\) \}\}"):
        render(row=row | {"x": 1})


def test_an_empty_field_may_have_a_default_or_be_asked_for():
    body = "{{ city|default('your city') }}{% if city %}yes{% else %}no{% endif %}"
    assert "your cityno" in render(body).html


def test_mjml_becomes_html_and_template_tags_pass_through_it():
    made = render(MJML, format="mjml")
    assert "Hello Zoë<br" in made.html and "https://shop.example/?a=Zo%C3%AB" in made.html and "<mj-" not in made.html


def test_the_text_part_says_what_the_html_says():
    made = render(MJML, format="mjml")
    assert made.text.startswith("Hello Zoë\nnext\n\nGo there (https://shop.example/?a=Zo%C3%AB&b=1)")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><p>One &amp; two</p>", "Title\n\nOne & two"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
        ('<a href="https://a.example"><img src="x" alt="Our shop"></a>', "Our shop (https://a.example)"),
        ("<style>p{}</style><p>seen</p><div style='display: none'>hidden<p>too</p></div>", "seen"),
        ("<p>a<br>b<br/>c</p>", "a\nb\nc"),
        ("<script>alert(1)</script>ok<!-- no -->", "ok"),
        ("{% if a < 3 %}<b>{{ x }}</b>{% endif %}", "{% if a < 3 %}{{ x }}{% endif %}"),
    ],
)
def test_html_is_read_aloud(html, text):
    assert markup.html_to_text(html) == text


def test_marketing_mails_get_an_unsubscribe_link_unless_they_have_one():
    made = render("<body><p>x</p></body>")
    assert made.html.count("u:1") == 1 and made.html.endswith("</body>") and made.text.endswith("Unsubscribe: u:1\n")
    own = render('<a href="{{ unsubscribe_url }}">leave</a>', text="x {{ unsubscribe_url }}")
    assert own.html.count("u:1") == 1 and own.text == "x u:1"
    assert "u:1" not in render(category="transactional").html


def test_the_preheader_is_hidden_at_the_start_of_the_body():
    made = render("<html><body class=x><p>x</p></body></html>", preheader="For {{ name }}")
    assert made.html.index("For Zoë") > made.html.index("<body class=x>") and "display:none" in made.html
    assert made.preheader == "For Zoë" and "For Zoë" not in made.text


def test_no_line_break_gets_into_the_subject():
    made = render(row=ROW | {"name": "a\r\nBcc: x@example.org\u2028\x00z"})
    assert made.subject == "Hi a Bcc: x@example.org z"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"subject": ""}, "The subject is empty."),
        ({"body": " "}, "The body is empty; write it as MJML or HTML."),
        ({"body": "a\n\n{{ x }"}, "Body: line 3: unexpected `}`"),
        ({"subject": "{% if %}"}, "Subject: line 1:"),
        ({"body": "a\n{{ nme }}"}, "Body, line 2: there is no field “nme” here. Did you mean “name”?"),
        ({"text": "a\n{{ name|shout }}"}, "Text: line 2: there is no filter “shout”."),
        ({"format": "mjml", "body": "<p>x</p>"}, "An MJML body begins with <mjml>"),
        ({"format": "mjml", "body": "<mjml>\n<mj-body>\n<mj-nope/></mj-body></mjml>"}, "line 3: there is no MJML tag <mj-nope>"),
        ({"format": "mjml", "body": "<mjml>\n<mj-body>\n<mj-text></mj-body></mjml>"}, "line 3: <mj-text> is not closed"),
        ({"format": "mjml", "body": "<mjml><mj-body>\n<mj-text><a href=x>y</a></mj-text></mj-body></mjml>"}, "in quotes"),
        ({"format": "mjml", "body": "<mjml><mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>"}, "no MJML tag <mj-include>"),
        ({"body": "x" * (256 * 1024 + 1)}, "larger than 256 KB"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(given, sentence):
    found = content.problems(Content(**{"subject": "s", "body": "<p>b</p>"} | given), {"name", "city"})
    assert sentence in " ".join(found)


def test_placeholders_are_listed_without_what_is_provided():
    written = Content(
        "{{ a }}", "{{ b }}", "html", "{% for x in c %}{{ x }}{% endfor %}{{ unsubscribe_url }}", "{{ d }}"
    )
    assert written.fields == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    "body",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='a' * 1000) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
        "{{ 'a' * 2000000000 }}",
        "{{ range(1000000000)|list }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 'x'|indent(1000000000) }}",
        "{{ ('a' * 190000)|replace('a', 'b' * 190000) }}",
        "{{ 'abc'|replace('', 'y' * 1000000) }}",
        "{% include '/etc/passwd' %}",
        "{{ name.__class__.__mro__ }}",
        "{{ name.encode() }}",
        "{{ born|date('j' * 100000) }}" * 40,
        "{{ 'nonsense'|date }}",
        "{{ name|shout }}",
    ],
)
def test_a_hostile_template_gets_a_sentence_and_not_the_process(body):
    with pytest.raises((RenderError, ContentError)) as caught:
        render(body)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300


@pytest.mark.parametrize("tag", ["mj-section", "mj-wrapper", "div"])
def test_deep_nesting_does_not_end_the_process(tag):
    """mrml recurses; in a process of its own because a stack that overflows would end this one."""
    body = f"'<mjml><mj-body>' + '<{tag}>' * 30000 + '</{tag}>' * 30000 + '</mj-body></mjml>'"
    program = (
        "from orchcamp.messaging import markup\n"
        f"try: markup.mjml_to_html({body})\nexcept markup.MarkupError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "too many tags" in done.stdout


def test_settings_of_a_node_become_content():
    written = Content.from_settings({"subject": "s", "track_clicks": True, "unknown": 1, "body": None})
    assert written == Content(subject="s", track_clicks=True)


@pytest.mark.parametrize("piece", ["<a ", "<a href='", "</", "<!--", "<br", "<td <"])
def test_what_is_opened_without_end_is_refused_at_once(piece):
    began = time.process_time()
    found = content.problems(Content(subject="x", body="<p>\n" + piece * 25_000), set())
    assert len(found) == 1 and "is never closed by" in found[0]
    assert time.process_time() - began < 2


@pytest.mark.parametrize("format", ["html", "mjml"])
def test_a_declaration_that_nobody_knows_is_a_sentence(format):
    body = "<![x>" if format == "html" else "<mjml><mj-body><![x></mj-body></mjml>"
    assert "<!" in content.problems(Content(subject="x", body=body, format=format), set())[0]


def test_conditional_comments_of_old_programs_are_fine():
    body = "<!--[if mso]><p>a</p><![endif]--><![if !mso]><p>b</p><![endif]>" * 60
    assert content.problems(Content(subject="x", body=body), set()) == []


# --- Lists ----------------------------------------------------------------------------------------------


LOOP = "{% for one in item %}<li>{{ one.name }}: {{ one.price|default('?') }}</li>{% else %}none{% endfor %}"


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"item1_name": "Tea", "item1_price": 3, "item2_name": "Mug", "item2_price": None},
         "<li>Tea: 3</li><li>Mug: ?</li>"),
        ({"item1_name": None, "item1_price": None, "item2_name": None, "item2_price": None}, "none"),
    ],
)  # fmt: skip
def test_collected_columns_are_a_list_without_its_empty_items(row, shown):
    written = content.Content(subject="Hello", body=LOOP, category="transactional")
    assert content.problems(written, set(row)) == []
    assert written.columns(row) == set(row)
    assert shown in content.compile(written).render(row).html


def test_a_loop_over_what_is_not_there_is_named():
    written = content.Content(subject="Hello", body=LOOP, category="transactional")
    assert "no field “item”" in content.problems(written, {"item_name", "other1_name"})[0]
