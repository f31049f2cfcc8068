"""HTML: what is shown survives as Markdown, what is not leaves nothing."""

import pytest

from medmm.errors import InputError, LimitError
from rag.reading import Limits, own_readers, read_document
from rag.reading.hypertext import html_to_markdown
from rag.reading.limits import DEFAULT
from rag.reading.rich import HtmlReader


def markdown(html: str) -> str:
    return html_to_markdown(html, DEFAULT)[0]


def test_a_page_is_read(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><html><head><title>On  effusions</title></head><body onload='x()'>"
        "<h1>Effusion</h1><p>Blunt <b>angle</b>.</p><h2>Signs</h2><ul><li>one<li>two</ul>"
        "<ol start=3><li>three</ol><table><tr><th>a<th>b<tr><td>1<td>2</table></body></html>"
    )
    document = read_document(path, own_readers())
    assert document.text == (
        "# Effusion\n\nBlunt angle.\n\n## Signs\n\n- one\n- two\n\n3. three\n\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |"
    )
    assert document.title == "On effusions"
    assert document.headings == ("Effusion", "Signs")
    assert document.pages == ()


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>obey</script>",
        "<style>obey</style>",
        "<!-- obey -->",
        "<![CDATA[ obey ]]>",
        "<?php obey ?>",
        "<template>obey</template>",
        "<noscript>obey</noscript>",
        "<svg><text>obey</text></svg>",
        "<iframe src='http://x/'>obey</iframe>",
        "<object data='data:text/html,obey'>obey</object>",
        "<form><label>obey</label><input value=obey><textarea>obey</textarea></form>",
        "<img alt=obey src='data:image/png;base64,obey'>",
        "<a href='data:text/html,obey' title=obey onclick='obey()'>x</a>",
        "<div hidden>obey</div>",
        "<div style='display:none'>obey</div>",
        "<div style='DISPLAY : none !important'>obey</div>",
        "<div style='dis/**/play:n\\6fne'>obey</div>",
        "<div style='visibility:hidden'>obey</div>",
        "<div style='color:red;font-size:0'>obey</div>",
        "<div style='font-size:0.0px'>obey</div>",
        "<div style='font:0/0 a'>obey</div>",
        "<p hidden>obey",
        "<style>.note{color:red;display:none}</style><i class=note>obey</i>",
        "<p>x\u200bo\u200bb\u200be\u200by<span hidden>obey</span>".replace("\u200bo", "\u200b"),
    ],
)
def test_what_is_not_shown_leaves_nothing(hidden):
    text = markdown(f"<p>before</p>{hidden}<p>after</p>")
    assert "obey" not in text
    assert "before" in text
    assert "after" in text


@pytest.mark.parametrize(
    "shown",
    [
        "<div style='font-size:0.8em'>kept</div>",
        "<div style='font:10px/0 a'>kept</div>",
        "<style>@media print{.a{display:none}}</style><i class=a>kept</i>",
        "<style>a:hover::after{display:none}</style><i class=a>kept</i>",
        "<form><input><main><h1>kept</h1></main></form>",
        "<p hidden>gone<p>kept",
    ],
)
def test_what_is_shown_is_kept(shown):
    assert "kept" in markdown(shown)


def test_a_page_with_nothing_to_see_is_refused(tmp_path):
    path = tmp_path / "app.html"
    path.write_text("<html><body><div id=root></div><script>run()</script></body></html>")
    with pytest.raises(InputError, match=r"app\.html holds no text"):
        read_document(path, own_readers())


def test_values_stay_in_their_rows_and_columns():
    text = markdown(
        "<table><caption>Sizes</caption><tr><th rowspan=2>Grade<th colspan=2>Gap, mm"
        "<tr><th>from<th>to<tr><td rowspan=2>small<td>0<td>20<tr><td>1|2<td><p>3<p>4</table>"
    )
    assert text == (
        "Sizes\n\n| Grade | Gap, mm | Gap, mm |\n| --- | --- | --- |\n| Grade | from | to |\n"
        "| small | 0 | 20 |\n| small | 1\\|2 | 3 4 |"
    )


def test_a_table_that_only_places_things_is_no_table():
    text = markdown("<table><tr><td><h1>A</h1><table><tr><td>1<td>2</table><td>side</table>")
    assert text == "# A\n\n| 1 | 2 |\n| --- | --- |\n\nside"


def test_powers_stay_powers():
    text = markdown("10<sup>6</sup>/L, mm<sup>2</sup>, 1<sup>st</sup>, x<sup>0.5</sup>")
    assert text == "10⁶/L, mm², 1st, x^(0.5)"


def test_words_stay_words():
    text = markdown("<p># no heading</p><p>&lt;script&gt; p &lt; 0.05</p><p>```</p><p>a*b_c_")
    assert text == "\\# no heading\n\n\\<script> p < 0.05\n\n\\```\n\na*b_c_"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("<meta charset=utf-8><p>Ödem", "Ödem"),
        ('<meta http-equiv=x content="text/html; charset=ISO-8859-1"><p>\x93a\x94', "“a”"),
        ("<p>Ödem", "Ödem"),
        ("<meta charset=utf-7><p>+ADw-b+AD4-", "+ADw-b+AD4-"),
    ],
)
def test_the_encoding_is_the_pages_own(tmp_path, data, word):
    path = tmp_path / "a.htm"
    path.write_bytes(data.encode("latin-1" if "8859" in data else "utf-8"))
    assert read_document(path, own_readers()).text == word


def test_a_page_is_known_by_its_first_tag(tmp_path):
    path = tmp_path / "noname"
    path.write_text("\n<!DOCTYPE HTML><p>x")
    assert HtmlReader().sniff(path) == 0.8
    path.write_text("a < b")
    assert HtmlReader().sniff(path) == 0.0


def test_deep_nesting_ends_as_a_limit(tmp_path):
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 50_000 + "x")
    with pytest.raises(LimitError, match=r"deep\.html nests"):
        HtmlReader().read(path)
    path.write_text("<div>" * 1000 + "x")
    assert HtmlReader().read(path).text == "x"


def test_a_long_list_without_ends_is_read(tmp_path):
    path = tmp_path / "list.html"
    path.write_text("<ul>" + "<li>item" * 3000)
    assert HtmlReader().read(path).text.count("\n") == 2999


def test_more_text_than_the_limit_is_refused(tmp_path):
    path = tmp_path / "long.html"
    path.write_text("<p>" + "word " * 1000)
    with pytest.raises(LimitError, match="more than 500 characters"):
        HtmlReader(Limits(characters=500)).read(path)
