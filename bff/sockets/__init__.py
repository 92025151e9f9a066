"""Live operations over the host's Flask-SocketIO.

endpoint    the namespace: who connects, what they send, who is refused or asked anew
outlet      one socket, as the hub sees it
host        what the host tells of its viewers
engine      the host's Engine.IO server, with such connections
connection  one client's connection: bounded in bytes and age, one greenlet
websocket   RFC 6455, the server's side
clock       what is to happen later, for all sockets together
"""
