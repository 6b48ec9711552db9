"""Dead letters as the API shows them: what they are about, never what stands in them."""

from collections.abc import Sequence

from avocet.domain.dead_letters import DeadLetter
from avocet.http.schema.letters import DeadLetterList, DeadLetterView
from avocet.http.views import timestamp


def letter_list(letters: Sequence[DeadLetter]) -> DeadLetterList:
    """Show all of them."""
    return DeadLetterList(tuple(letter_view(letter) for letter in letters))


def letter_view(letter: DeadLetter) -> DeadLetterView:
    """Show one."""
    return DeadLetterView(
        letter_id=letter.letter_id,
        queue=letter.queue,
        addressee=letter.addressee or None,
        about=letter.about or None,
        sent_at=timestamp(letter.sent_at),
        reason=letter.reason,
    )
