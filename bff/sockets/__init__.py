"""Live operations over the host's Flask-SocketIO.

endpoint    the namespace: who connects, what they send, who is refused or asked anew
outlet      one socket, as the hub sees it
engine      the host's Engine.IO server, with sockets that are bounded and need one greenlet each
websocket   RFC 6455, the server's side
clock       what is to happen later, for all sockets together
"""
