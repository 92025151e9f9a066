"""The pictures that ``users.avatar_url`` names: a disc in a colour of the person's own, drawn on request.

So a demo without internet has a face for everybody, and a page of 50 people fires 50 more requests.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

blueprint = Blueprint("avatars", __name__, url_prefix="/avatars")


@blueprint.get("/<key:user_id>.svg")
def get_avatar(user_id: int) -> Response:
    # Turning by about the golden angle keeps the colours of neighbouring ids apart.
    hue = user_id * 137 % 360
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        f'<circle cx="32" cy="32" r="32" fill="hsl({hue} 55% 78%)"/>'
        f'<circle cx="32" cy="25" r="11" fill="hsl({hue} 45% 38%)"/>'
        f'<path d="M10 58a22 20 0 0 1 44 0a32 32 0 0 1-44 0" fill="hsl({hue} 45% 38%)"/>'
        "</svg>"
    )
    response = Response(drawing, mimetype="image/svg+xml")
    response.cache_control.public = True
    response.cache_control.max_age = int(timedelta(days=1).total_seconds())
    return response
