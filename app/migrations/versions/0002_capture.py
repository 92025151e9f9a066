"""Changes of all tables are captured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bff

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The tables as this revision finds them, whatever the models say later.
    tables = sa.MetaData()
    tables.reflect(op.get_bind(), only=lambda name, _: name != "alembic_version")
    bff.install_capture(op.get_bind(), tables)


def downgrade() -> None:
    # The triggers go with the functions.
    op.execute("drop schema bff cascade")
