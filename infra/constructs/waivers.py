"""Named exceptions to cdk-nag's rules, each with its reason; there is no other way past a rule here."""

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_s3 as s3
from constructs import IConstruct


def waive(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Waive rules for ``construct`` and what it holds.

    Args:
        construct: Where the rules are waived.
        reasons: The reason of each waiver, by the rule's name or, where a rule has several findings, by
            ``rule[finding]``.
    """
    Validations.of(construct).acknowledge(*(Acknowledgment(id=rule, reason=reason) for rule, reason in reasons.items()))


def objects_finding(bucket: s3.IBucket, under: str = "") -> str:
    """Return what cdk-nag calls a right to the objects of another stack's bucket whose keys begin with ``under``."""
    home = Stack.of(bucket)
    imported = home.resolve(home.export_value(bucket.bucket_arn))["Fn::ImportValue"]
    return f"AwsSolutions-IAM5[Resource::{imported}/{under}*]"


def resource_finding(service: str, resource: str) -> str:
    """Return what cdk-nag calls a right to ``resource`` of this account, region and partition."""
    return f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}]"
