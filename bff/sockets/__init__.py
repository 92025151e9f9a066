"""The live protocol over the host's Flask-SocketIO, on connections that are bounded in bytes and age."""
