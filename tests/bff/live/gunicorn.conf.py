import runpy

# Two workers that stop as deploy/gunicorn.conf.py has it, without its database.

_deployed = runpy.run_path("deploy/gunicorn.conf.py")

worker_class = _deployed["worker_class"]
worker_connections = _deployed["worker_connections"]
graceful_timeout = _deployed["graceful_timeout"]
post_worker_init = _deployed["post_worker_init"]
control_socket_disable = True
wsgi_app = "tests.bff.live.site:make_app()"
