"""What travels over the socket: messages, patches, resume tokens, and the client that speaks them."""
