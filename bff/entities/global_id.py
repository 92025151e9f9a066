"""Global ids: the name of a type and the primary key of one of its objects, `Matter:5` or `MatterMember:5,7`."""

from __future__ import annotations

from urllib.parse import unquote

from ..columns.convert import as_text
from ..errors import BadUserInput
from .entity import Entity, Key


def global_id(entity: Entity, key: Key) -> str:
    """The global id of the object with this key."""
    return f"{entity.name}:{key_text(key)}"


def key_text(key: Key) -> str:
    """The part of it behind the type's name: "5" or "5,7"."""
    parts = [as_text(part) for part in key]
    if len(parts) > 1:
        parts = [part.replace("%", "%25").replace(",", "%2C") for part in parts]
    return ",".join(parts)


def parse_key_text(entity: Entity, text: str) -> Key:
    """The primary key from what `key_text` gives. Raises BadUserInput."""
    parts = [unquote(part) for part in text.split(",")] if len(entity.key) > 1 else [text]
    if len(parts) != len(entity.key):
        raise BadUserInput(f"a global id of {entity.name} has {len(entity.key)} key values, not {len(parts)}")
    return entity.parse_key(tuple(parts), what=f"the global id of {entity.name}")
