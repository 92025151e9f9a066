"""GraphQL over HTTP, without a web framework: bytes in, a request; a result in, bytes out."""
