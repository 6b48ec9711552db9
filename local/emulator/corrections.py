"""Where MiniStack differs from AWS in a way that would have us write weaker templates, or wait in vain: it is set right here."""

from typing import Any


def install() -> None:
    """Set MiniStack right; it must not be serving yet."""
    _count_origin_fetches_as_encrypted()
    _read_streams_from_where_they_begin()


def _count_origin_fetches_as_encrypted() -> None:
    """Let a distribution read from a bucket that refuses plain HTTP.

    CloudFront fetches from S3 over TLS. MiniStack does it in its own process and tells the bucket's policy that the
    transport was not secure, which a bucket for TLS only then refuses.
    """
    from ministack.core import iam_evaluator

    class EncryptedContext(iam_evaluator.EvalContext):  # type: ignore[misc]
        """A request's context whose transport is secure unless said otherwise."""

        def __init__(self, *positional: Any, **named: Any) -> None:
            super().__init__(*positional, **{"secure_transport": True, **named})

    iam_evaluator.EvalContext = EncryptedContext


def _read_streams_from_where_they_begin() -> None:
    """Forget how far a table's stream was read when the stream itself is forgotten.

    MiniStack keeps the place over a restart and not the stream, which begins again: a function would hear of nothing
    until as much had happened as before. What is told twice now is what at-least-once delivery tells twice anyway.
    """
    from ministack.services import lambda_svc

    whole_state = lambda_svc.get_state

    def state_without_places() -> dict[str, Any]:
        return {name: part for name, part in whole_state().items() if name != "dynamodb_stream_positions"}

    lambda_svc.get_state = state_without_places
