"""Avocet: participatory bird recognition; the shared package that is also the core Lambda layer."""
