"""Flask: the blueprint of the endpoint, and GraphiQL in development."""
