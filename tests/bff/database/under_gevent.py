"""A process of its own, patched as gunicorn's gevent workers are."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any


def under_gevent(script: str, url: str) -> dict[str, Any]:
    """What a fresh process prints as JSON that is patched as gunicorn's workers are."""
    prelude = """
        from gevent import monkey
        monkey.patch_all()
        import json, sys, time
        import gevent
        from sqlalchemy import create_engine, text
        import bff
        from bff.database.session import Database
        from bff.entities.policy import Policies
        bff.patch_psycopg2()
        engine = create_engine(sys.argv[1], pool_size=8)
        database = Database(engine, Policies({}))
        WAITING = text("select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'")

        def until(condition):
            with gevent.Timeout(20):
                while not condition():
                    gevent.sleep(0.005)
    """
    source = textwrap.dedent(prelude) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", source, url], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed
