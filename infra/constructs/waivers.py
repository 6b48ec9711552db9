"""Named exceptions to cdk-nag's rules, each with its reason; there is no other way past a rule here."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def waive(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Waive rules for ``construct`` and what it holds.

    Args:
        construct: Where the rules are waived.
        reasons: The reason of each waiver, by the rule's name or, where a rule has several findings, by
            ``rule[finding]``.
    """
    Validations.of(construct).acknowledge(*(Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()))
