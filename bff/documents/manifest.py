"""Manifests: the registered operations as build tools of frontends write and read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .registry import Documents


def apollo_manifest(documents: Documents) -> Mapping[str, Any]:
    """Apollo's persisted query manifest, version 1."""
    operations = [
        {"id": operation.id, "name": operation.name, "type": operation.kind, "body": operation.text}
        for operation in documents
    ]
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}


def client_preset_manifest(documents: Documents) -> Mapping[str, str]:
    """What GraphQL Code Generator's client preset writes as `persisted-documents.json`: hash to text."""
    return {operation.id: operation.text for operation in documents}
