"""The host's operation documents: what is registered, under which ids, and how a broken one stops the boot."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from graphql import parse, print_ast

from bff import DocumentError
from bff.documents.registry import Documents, FreeText
from bff.errors import OperationNotFound
from tests.bff.documents.folders import BOSS, SCHEMA, USER_CARD, folder, load


def problems(tmp_path: Path, **files: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, **files)
    return str(caught.value).split("\n")


def test_operations_of_all_folders_are_registered_by_name(tmp_path: Path) -> None:
    documents = load(
        tmp_path,
        pages__team="query Team { users { ...UserCard } }",
        mutations__rename='mutation Rename { rename(name: "x") { ...UserCard } }',
        fragments__user_card=USER_CARD,
        fragments__boss=BOSS,
    )
    assert documents.names == ("Rename", "Team")
    assert [(each.name, each.kind, each.source) for each in documents] == [
        ("Rename", "mutation", "graphql/mutations/rename.graphql:1"),
        ("Team", "query", "graphql/pages/team.graphql:1"),
    ]
    assert repr(documents) == "<Documents 2 operations>"
    assert documents.unused_fragments == ()


def test_an_id_is_the_hash_of_the_operation_with_the_fragments_that_it_needs(tmp_path: Path) -> None:
    documents = load(
        tmp_path,
        pages__team="query Team { users { ...UserCard } }",
        pages__me="query Me { viewer { name } }",
        fragments__user_card=USER_CARD,
        fragments__boss=BOSS,
    )
    team, me = documents.find("Team"), documents.find("Me")
    assert team is not None
    assert me is not None
    assert team.text == print_ast(parse(f"query Team {{ users {{ ...UserCard }} }} {BOSS} {USER_CARD}"))
    assert "fragment" not in me.text
    assert team.id == hashlib.sha256(team.text.encode()).hexdigest()
    assert documents.find(f"sha256:{team.id}") is documents.find(team.id) is team


def test_layout_and_comments_do_not_change_an_id_and_content_does(tmp_path: Path) -> None:
    def id_of(name: str, text: str, fragment: str = BOSS) -> str:
        root = tmp_path / name
        root.mkdir()
        operation = load(root, pages__p=text, fragments__boss=fragment).find("P")
        assert operation is not None
        return operation.id

    first = id_of("a", "query P { viewer { ...Boss } }")
    assert id_of("b", "# a page\nquery P {\n  viewer {\n    ...Boss\n  }\n}\n") == first
    assert id_of("c", "query P { viewer { name ...Boss } }") != first
    assert id_of("d", "query P { viewer { ...Boss } }", "fragment Boss on User { boss { id } }") != first


@pytest.mark.parametrize("unknown", ["Tem", "sha256:" + "0" * 64, "0" * 64, "", "sha256:Team"])
def test_what_is_not_registered_is_not_found(tmp_path: Path, unknown: str) -> None:
    assert load(tmp_path, pages__team="query Team { viewer { id } }").find(unknown) is None


def test_everything_that_is_wrong_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        a_syntax="query A {\n  viewer {\n",
        b_field="query B {\n  viewer { nam }\n}",
        c_fragment="query C { viewer { ...Gone } }",
        d_twice="query B { viewer { id } }",
        e_anonymous="\n{ viewer { id } }",
        f_fragment="fragment Boss on User { id }\nfragment Boss on User { id }",
        g_type="type Extra { id: ID }",
        h_broken="fragment Unused on User { nme }",
    )
    assert [re.sub(r" Did you mean.*", "", problem) for problem in found] == [
        "graphql/a_syntax.graphql:3:1: Syntax Error: Expected Name, found <EOF>.",
        "graphql/d_twice.graphql:1:1: operation 'B' is already defined at graphql/b_field.graphql:1:1",
        "graphql/e_anonymous.graphql:2:1: an operation needs a name: clients ask for it by that name",
        "graphql/f_fragment.graphql:2:1: fragment 'Boss' is already defined at graphql/f_fragment.graphql:1:1",
        "graphql/g_type.graphql:1:1: a document holds operations and fragments only",
        "graphql/b_field.graphql:2:12: Cannot query field 'nam' on type 'User'.",
        "graphql/c_fragment.graphql:1:23: Unknown fragment 'Gone'.",
        "graphql/h_broken.graphql:1:27: Cannot query field 'nme' on type 'User'.",
    ]


def test_a_broken_fragment_is_reported_once_where_it_stands(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        pages__a="query A { viewer { ...Card } }",
        pages__b="query B { users { ...Card } }",
        fragments__card="fragment Card on User {\n  id\n  birthday\n}",
    )
    assert found == ["graphql/fragments/card.graphql:3:3: Cannot query field 'birthday' on type 'User'."]


def test_a_cycle_of_fragments_is_reported(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        pages__a="query A { viewer { ...X } }",
        fragments__x="fragment X on User { boss { ...Y } }",
        fragments__y="fragment Y on User { boss { ...X } }",
    )
    assert found == ["graphql/fragments/x.graphql:1:29: Cannot spread fragment 'X' within itself via 'Y'."]


def test_a_file_that_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "latin.graphql").write_bytes(b"# caf\xe9\nquery A { viewer { id } }")
    with pytest.raises(DocumentError, match=r"^graphql/latin\.graphql:1:1: not UTF-8 .* at byte 5\)$"):
        Documents.load(root, SCHEMA)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such folder"):
        Documents.load(tmp_path / "graphql", SCHEMA)


def test_unused_fragments_do_not_stop_the_boot_and_are_told(tmp_path: Path) -> None:
    documents = load(
        tmp_path, pages__me="query Me { viewer { id } }", fragments__boss=BOSS, fragments__user_card=USER_CARD
    )
    assert documents.unused_fragments == (
        "graphql/fragments/boss.graphql:1:1: fragment 'Boss' is never used",
        "graphql/fragments/user_card.graphql:1:1: fragment 'UserCard' is never used",
    )


def test_the_hosts_own_documents_have_no_limits(tmp_path: Path) -> None:
    fields = " ".join(f"f{number}: name" for number in range(3000))
    assert len(load(tmp_path, pages__big=f"query Big {{ viewer {{ {fields} }} }}")) == 1


def test_a_free_text_gives_the_operation_that_is_asked_for() -> None:
    two = FreeText.read("query A { viewer { id } } query B { viewer { name } }", SCHEMA)
    assert two.operation("B").definition is two.document.definitions[1]
    assert FreeText.read("{ viewer { id } }", SCHEMA).operation(None).name is None
    with pytest.raises(OperationNotFound, match="operationName is needed, the document has A, B"):
        two.operation(None)
    with pytest.raises(OperationNotFound, match="no operation 'C'; the document has A, B"):
        two.operation("C")
