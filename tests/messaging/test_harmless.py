"""A mail in a file that is kept: it still reads as it did, and there is nothing in it that could fetch or run."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchcamp.messaging.harmless import NUMBERS, STYLES, TAGS, WORDS, harmless


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.torn = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.torn |= not self.open or self.open.pop() != tag


def test_what_it_says_and_how_it_looks_stays():
    html = '<p style="color:#112233;text-align:center">Hello <b>Ann</b><br>Bye</p><table width="600"><tr><td>1</td></tr></table>'
    assert harmless(html) == html


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<a href="https://x.example/">Buy</a>', '<span style="text-decoration:underline">Buy</span>'),
        ('<img src="https://x.example/o.gif" alt="A shoe">', "<span>[A shoe]</span>"),
        ('<img src="https://x.example/o.gif">', ""),
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{background:url(http://x)}</style>a", "a"),
        ('<p onclick="x()" style="background:url(http://x);color:red">a</p>', '<p style="color:red">a</p>'),
        ('<p style="color:red;background-color:url(//x.example)">a</p>', '<p style="color:red">a</p>'),
        ('<p style="width:expression(alert(1))">a</p>', "<p>a</p>"),
        ('<iframe src="//x"></iframe><object data="//x"></object><svg><image href="//x"/></svg>a', "a"),
        ('<form action="//x"><input name="a">b</form>', "b"),
        ("</div></div><p>a", "<p>a</p>"),
        ("<p>a<div>b</p>c", "<p>a<div>b</div></p>c"),
        ("<!--[if mso]><p>x</p><![endif]-->a", "a"),
        ("a &lt;script&gt; &amp; b", "a &lt;script&gt; &amp; b"),
        ('<table background="http://x"><tr><td bgcolor="#fff" width="10%">a', '<table><tr><td bgcolor="#fff" width="10%">a</td></tr></table>'),
    ],
)  # fmt: skip
def test_what_could_fetch_open_or_run_goes(html, kept):
    assert harmless(html) == kept


PIECES = st.lists(
    st.sampled_from([
        "<p>", "</p>", "<div", ">", "<a href='//x'>", "</a>", "<img src=x alt='y'>", "<script>", "</script>", "<style>",
        "</style>", "<svg/onload=x>", "<!--", "-->", "<![CDATA[", "]]>", "<!x", "style=\"color:red;a:url(x)\"", "&lt;",
        "text", "<td>", "<plaintext>", "<textarea>", "<br/>", "<p/>", "\0", "<p style='font:url(x)'>", "<math>", "'", '"',
    ]),
    max_size=30,
).map("".join)  # fmt: skip


@given(PIECES)
def test_whatever_comes_only_tags_of_the_list_leave_closed_and_without_references(html):
    kept = Tags(harmless(html))
    assert not kept.torn and not kept.open
    for tag, attrs in kept.found:
        assert tag in TAGS
        assert set(attrs) <= {*NUMBERS, *WORDS, "style"}
        for declaration in filter(None, (attrs.get("style") or "").split(";")):
            assert declaration.split(":")[0] in STYLES and "url" not in declaration
