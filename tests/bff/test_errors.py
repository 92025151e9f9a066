"""The tree of errors: the documents have its codes and no others, and the code has them from it alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import bff
from bff import errors
from bff.errors import BffError, DeclarationError, DocumentError, SubscriptionError

LAYER = Path(bff.__file__).parent
README = LAYER.parent / "README.md"
PROTOCOL = LAYER / "protocol" / "PROTOCOL.md"


def tree(root: type[BffError]) -> list[type[BffError]]:
    """The classes below `root` in bff/errors.py, itself included."""
    kinds = [root]
    for kind in kinds:
        kinds += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
    return kinds


def rows(document: Path, heading: str) -> dict[str, str]:
    """First and second column of the table below a heading."""
    sections = re.split(r"^#+ ", document.read_text(), flags=re.MULTILINE)
    [text] = [section for section in sections if section.startswith(f"{heading}\n")]
    return dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", text, flags=re.MULTILINE))


# What ends or refuses a subscription. The class at its root is no more than the branch.
OF_SUBSCRIPTIONS = {kind.code for kind in tree(SubscriptionError) if kind is not SubscriptionError}

# A declaration or document that is broken never reaches a client under its own name.
OVER_HTTP = {
    kind.code: kind.status
    for kind in tree(BffError)
    if not issubclass(kind, DeclarationError | DocumentError | SubscriptionError)
}


def test_readme_has_the_codes_of_answers_with_their_status() -> None:
    told = {code: int(status.removesuffix(" *")) for code, status in rows(README, "Error codes").items()}
    assert told == OVER_HTTP


def test_the_protocol_has_the_codes_of_subscriptions() -> None:
    told = rows(PROTOCOL, "Codes").keys()
    assert told - OVER_HTTP.keys() == OF_SUBSCRIPTIONS


def test_a_code_has_one_status() -> None:
    assert len({(kind.code, kind.status) for kind in tree(BffError)}) == len({kind.code for kind in tree(BffError)})


def test_no_other_module_spells_a_code() -> None:
    codes = {kind.code for kind in tree(BffError)}
    spelled = [
        f"{path.relative_to(LAYER)}:{node.lineno}: {node.value}"
        for path in sorted(LAYER.rglob("*.py"))
        if path != Path(errors.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in codes
    ]
    assert spelled == []
