"""Reading a text: what counts as a token, what is measured, and that limits are those of the text with its fragments."""

from __future__ import annotations

import pytest
from graphql import GraphQLError, Lexer, Source, TokenKind, build_schema, get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from bff.documents.limits import _count_tokens, parse_document, validate_document
from bff.errors import DocumentLimit, IntrospectionDisabled, ParseFailed, ValidationFailed
from bff.json_text import is_text
from bff.settings import Limits

SCHEMA = build_schema("type Query { a(x: Int): Query, b(text: String): String }")
LIMITS = Limits()


def lexed(text: str) -> int:
    lexer, count = Lexer(Source(text)), 0
    token = lexer.token
    while token.kind is not TokenKind.EOF:
        # Unlike the parser, count comments.
        token = token.next or lexer.read_next_token(token.end)
        count += token.kind is not TokenKind.EOF
    return count


TEXTS = [
    ("", 0),
    ("{ a }", 3),
    ("{a,b,,c}", 5),
    ("{ a # comment }\n}", 4),
    ('{ b(text: "a b \\" c #") }', 8),
    ('{ b(text: """a " b \\""" c\n""") }', 8),
    ("query ($x: Int! = -1.5e3) { ...on Query @skip(if: $x) { a } }", 26),
    ("{ ...A...B }", 6),
    ("\ufeff{ a }", 3),
    ("{ é }", 3),
]


@pytest.mark.parametrize(("text", "count"), TEXTS)
def test_tokens_are_counted(text: str, count: int) -> None:
    assert _count_tokens(text, 100) == count


@given(
    st.lists(
        st.sampled_from(
            ["a", "_b1", "{", "}", "...", '"x y"', '""', '"""x"y"""', "#c\n", " ", ",", "7", "-7.5e1", "$", "@", "!"]
        ),
        max_size=30,
    )
)
def test_tokens_are_those_of_the_lexer(pieces: list[str]) -> None:
    text = " ".join(pieces)
    try:
        expected = lexed(text)
    except GraphQLError:
        return  # not even tokens: a refusal of another kind
    assert _count_tokens(text, 1000) == expected


@given(st.text(alphabet='"\\#\n{}.a-1é ', max_size=60))
def test_counting_any_text_ends(text: str) -> None:
    assert _count_tokens(text, 1000) <= len(text)


def test_counting_stops_at_the_limit() -> None:
    assert _count_tokens("a " * 100, 7) == 7


@pytest.mark.parametrize(("text", "expected"), [("é😀", True), ("a\x00", False), ("\ud800", False)])
def test_text(text: str, expected: bool) -> None:
    assert is_text(text) is expected


def refused(text: str, **limits: int) -> str:
    with pytest.raises(DocumentLimit) as caught:
        parse_document(text, Limits(**limits))
    return str(caught.value)


def test_each_limit_takes_what_it_says_and_no_more() -> None:
    nested = "{ a { ...F } } fragment F on Query { a { b } c: b }"
    parse_document(nested, Limits(tokens=_count_tokens(nested, 100), fields=4, depth=3, length=len(nested)))
    assert refused(nested, tokens=18) == "The document has more than 18 tokens."
    assert refused(nested, fields=3) == "The operation selects more than 3 fields."
    assert refused(nested, depth=2) == "The operation is 3 fields deep; at most 2 are taken."
    assert refused(nested, length=50) == "The document has 51 characters; at most 50 are taken."
    assert refused("query A { b } query B { b }", operations=1) == "The document has 2 operations; at most 1 are taken."


def test_a_fragment_counts_wherever_it_is_spread() -> None:
    spread_thrice = "{ x: a { ...F } y: a { ...F } ...F } fragment F on Query { b c: b }"
    parse_document(spread_thrice, Limits(fields=8))
    refused(spread_thrice, fields=7)


def test_a_fragment_that_no_operation_leads_to_does_not_count() -> None:
    parse_document("{ b } fragment F on Query { b c: b d: b }", Limits(fields=1))


def test_the_introspection_of_tools_is_within_the_limits() -> None:
    text = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)
    validate_document(SCHEMA, parse_document(text, LIMITS, introspection=True))
    with pytest.raises(IntrospectionDisabled):
        parse_document(text, LIMITS)


def test_typename_is_not_introspection() -> None:
    parse_document("{ __typename a { __typename } }", LIMITS)


def test_fragments_of_components_that_select_the_same_are_no_attack() -> None:
    components = range(20)
    text = "{ a {" + " ".join(f"...C{number}" for number in components) + "} }"
    text += " ".join(f"fragment C{number} on Query {{ id: b a {{ b c: b d: b }} }}" for number in components)
    validate_document(SCHEMA, parse_document(text, LIMITS))


def test_a_chain_of_fragments_needs_no_stack() -> None:
    links = range(3_000)
    text = "{ ...F0 }" + "".join(f"fragment F{number} on Query {{ ...F{number + 1} }}" for number in links)
    parse_document(text + "fragment F3000 on Query { b }", Limits(length=10**6, tokens=10**5))


def test_errors_have_places_and_suggestions_only_where_asked() -> None:
    document = parse_document("{ a { bb } }")
    with pytest.raises(ValidationFailed) as caught:
        validate_document(SCHEMA, document)
    (error,) = caught.value.errors
    assert error.message == "Cannot query field 'bb' on type 'Query'."
    assert error.locations == [(1, 7)]
    with pytest.raises(ValidationFailed, match="Did you mean"):
        validate_document(SCHEMA, document, suggest=True)


def test_the_number_of_errors_is_bounded() -> None:
    with pytest.raises(ValidationFailed) as caught:
        validate_document(SCHEMA, parse_document("{" + " ".join(f"x{number}" for number in range(99)) + "}"))
    assert len(caught.value.errors) == 21
    assert caught.value.errors[-1].message.startswith("Too many validation errors")


@pytest.mark.parametrize("text", ['{ b(text: "\\u0000") }', '{ b(text: "\\u{0}") }', '{ b(text: """\\u0000""") }'])
def test_escapes_that_spell_a_nul(text: str) -> None:
    document = parse_document(text)
    if '"""' in text:  # block strings know no such escapes
        validate_document(SCHEMA, document)
        return
    with pytest.raises(ValidationFailed, match="NUL"):
        validate_document(SCHEMA, document)


def test_a_name_for_the_source() -> None:
    with pytest.raises(ParseFailed) as caught:
        parse_document("{", name="pages/x.graphql")
    source = caught.value.errors[0].source
    assert source is not None
    assert source.name == "pages/x.graphql"
