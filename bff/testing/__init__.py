"""What tests of a host need: embedded servers, pytest fixtures, a client that runs operations, counted SQL, a leak check."""
