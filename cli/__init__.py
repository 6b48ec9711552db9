"""The `avocet` command: a client of the REST API like any other; it imports nothing of the server's."""
