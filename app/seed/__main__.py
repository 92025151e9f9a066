"""``python -m app.seed --scale N``: migrate, fill what is empty, and say whom to sign in as."""

from __future__ import annotations

import click
from sqlalchemy import create_engine

from app.database import ConfigurationError, database_url, migrate, sqlalchemy_url
from app.seed import seed, sign_ins


@click.command()
@click.option("--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True)
@click.option("--database-url", "address", help="The database to fill; DATABASE_URL when not given.")
def main(scale: float, address: str | None) -> None:
    """Migrate the database, fill it with data when it is empty, and say whom to sign in as."""
    try:
        url = sqlalchemy_url(address) if address else database_url()
    except (ConfigurationError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    migrate(url)
    engine = create_engine(url)
    try:
        if not seed(engine, scale=scale):
            click.echo("The database holds data already; nothing was changed.", err=True)
        for it in sign_ins(engine):
            click.echo(f"{it.role:<7} {it.email}  ({it.name}, {it.organization}, dev-{it.user_id})")
    finally:
        engine.dispose()


if __name__ == "__main__":
    main()
