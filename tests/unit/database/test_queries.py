"""Named queries: sections of a file, parameters by name, parts by name."""

from pathlib import Path

import pytest

from copq.database.queries import Queries

FILE = """\
-- The queries of a test.

-- name: add_token
-- Add one; the name's holder: :nobody is not a parameter here.
insert into token (name, role, lines) values (:name, :role, :lines::jsonb)

-- name: between
-- The stops of a line
-- in a time.
select ':plain', ":quoted", $$ :text $$, $tag$ :text $tag$ /* :remark */ from stop
where line = :line and began_at < :until and (over_at is null or over_at > :since)
    -- :since is not counted twice
    and over_at + interval '1 hour' > :since

-- name: of_lines
-- The stops of many lines.
select stop.* from unnest(:lines::text[], :until::timestamptz[]) as asked (line, until)
cross join lateral ({{between(line => asked.line, until => asked.until)}}) as stop

-- name: untraced
-- Rows of a table.
select * from {{table}} where id > :id
"""


def queries(folder: Path, text: str = FILE) -> Queries:
    (folder / "queries.sql").write_text(text)
    return Queries.of(str(folder / "store.py"))


def test_values_stand_in_the_order_of_their_parameters(tmp_path: Path) -> None:
    text, *values = queries(tmp_path).add_token(lines="[]", role="finance", name="ann")
    assert text == "insert into token (name, role, lines) values ($1, $2, $3::jsonb)"
    assert values == ["ann", "finance", "[]"]


def test_a_parameter_has_one_number_wherever_it_stands(tmp_path: Path) -> None:
    query = queries(tmp_path).between
    assert query.parameters == ("line", "until", "since")
    assert query.text.count("$3") == 2


def test_quoted_texts_and_comments_have_no_parameters(tmp_path: Path) -> None:
    text = queries(tmp_path).between.text
    assert "':plain', \":quoted\", $$ :text $$, $tag$ :text $tag$ /* :remark */" in text
    assert "-- :since is not counted twice" in text


def test_a_wrong_name_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TypeError) as raised:
        queries(tmp_path).add_token(name="ann", roll="finance", lines="[]")
    assert str(raised.value) == (
        'query add_token: "role" is missing, "roll" is unknown; '
        "its parameters are: name, role, lines"
    )


def test_rows_of_executemany_are_by_name_too(tmp_path: Path) -> None:
    add = queries(tmp_path).add_token
    text, rows = add.rows({"role": role, "name": "ann", "lines": None} for role in ("a", "b"))
    assert (text, rows) == (add.text, [("ann", "a", None), ("ann", "b", None)])
    with pytest.raises(TypeError, match='"lines" is missing'):
        add.rows([{"role": "a", "name": "ann"}])


def test_a_section_is_part_of_another_with_columns_for_its_parameters(tmp_path: Path) -> None:
    query = queries(tmp_path).of_lines
    assert query.parameters == ("lines", "until", "since")
    assert "where line = asked.line and began_at < asked.until" in query.text
    assert "(over_at is null or over_at > $3)" in query.text


def test_a_place_takes_the_text_that_is_given(tmp_path: Path) -> None:
    found = queries(tmp_path)
    table = found.placing(table='"token"')
    assert table.untraced(id=7) == ('select * from "token" where id > $1', 7)
    with pytest.raises(LookupError, match=r"{{table}} is neither a section"):
        found.untraced(id=7)


def test_the_comment_of_a_section_says_what_it_does(tmp_path: Path) -> None:
    sections = queries(tmp_path).sections
    assert sections["between"].about == "-- The stops of a line\n-- in a time."
    assert list(sections) == ["add_token", "between", "of_lines", "untraced"]


def test_files_by_subject_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "tokens.sql").write_text("-- name: count_tokens\nselect 1\n")
    assert queries(tmp_path).count_tokens() == ("select 1",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1\n", "SQL without a name: select 1"),
        ("-- name: a\nselect 1\n-- name: a\nselect 2\n", "a is the name of something else"),
        ("-- name: placing\nselect 1\n", "placing is the name of something else"),
        ("-- name: a\nselect $1\n", r"write a parameter as :name, not as \$1"),
        ("-- name: a\n{{b(c = d)}}\n-- name: b\nselect :c\n", 'write "parameter => column"'),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        queries(tmp_path, text).a()


def test_an_unknown_query_is_refused_with_the_names_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="no query has the name remove_token: add_token, "):
        queries(tmp_path).remove_token()
