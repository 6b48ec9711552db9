"""The shapes of the API's JSON, as plain dataclasses: the source of OpenAPI, a module for each area.

Making a dataclass costs more than half a millisecond of a cold start, and there are over a hundred: so each function imports
only the areas that it answers with, and this package imports none. Field metadata holds JSON Schema keywords in
pydantic's spelling; only ``avocet.http.openapi`` reads it.
"""
