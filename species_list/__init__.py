"""The world list: the committed sources of the table that ships in the core layer, and the steps that make it."""
