"""One module per command; `cli.main` puts them together."""
