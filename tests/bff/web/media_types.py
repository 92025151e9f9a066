"""What clients say they take."""

from __future__ import annotations

JSON = "application/json"

RESPONSE_JSON = "application/graphql-response+json"

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
