import runpy

# deploy/gunicorn.conf.py for an application that is no Flask application and has no layer to start.

globals().update(runpy.run_path("deploy/gunicorn.conf.py"))
del globals()["post_worker_init"]
