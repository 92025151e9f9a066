"""One entity type and its lists: what is declared of a model, who may see its rows, and what a request asks of a list."""
