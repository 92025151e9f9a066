"""Registered operations as build tools of frontends read them."""

from __future__ import annotations

from pathlib import Path

from bff.documents.manifest import apollo_manifest, client_preset_manifest
from tests.bff.documents.folders import load


def test_manifests(tmp_path: Path) -> None:
    documents = load(
        tmp_path, pages__me="query Me { viewer { id } }", mutations__r='mutation R { rename(name: "") { id } }'
    )
    me, rename = documents.find("Me"), documents.find("R")
    assert me is not None
    assert rename is not None
    assert apollo_manifest(documents) == {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {"id": me.id, "name": "Me", "type": "query", "body": me.text},
            {"id": rename.id, "name": "R", "type": "mutation", "body": rename.text},
        ],
    }
    assert client_preset_manifest(documents) == {me.id: me.text, rename.id: rename.text}
