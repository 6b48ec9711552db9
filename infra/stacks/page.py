"""The page: a private bucket and the distribution in front of it; deployed first, since the others name its origin."""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.constructs.buckets import LogBucket, PrivateBucket
from infra.constructs.waivers import waive
from infra.environments import Environment


def _content_security_policy(place: Environment, scope: Stack) -> str:
    """Return what holds for the page whatever is published.

    The exact origins of the API, of sign-in and of the uploads bucket are known only after every stack stands: they
    are written into the page's own meta policy when it is published. A browser applies both policies, so this one
    names families of origins and the page's own narrows them. ``frame-ancestors`` works in a header alone.
    """
    if place.is_embedded:
        services = f"http://127.0.0.1:{place.port}"
    else:
        hosts = ("*.execute-api", "cognito-idp", "*.s3", "s3")
        services = " ".join(f"https://{host}.{scope.region}.{scope.url_suffix}" for host in hosts)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: data: {services}",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self' blob:",
            f"connect-src 'self' {services}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class PageStack(Stack):
    """Bucket and distribution of the static page."""

    def __init__(self, scope: Construct, construct_id: str, *, place: Environment) -> None:
        """Make the stack for ``place``."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): the page")
        access_logs = LogBucket(self, "AccessLogs", place=place)
        self.bucket = PrivateBucket(self, "Page", place=place, access_logs=access_logs, keeps_data=False).bucket
        headers = cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=_content_security_policy(place, self), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
            ),
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"Avocet ({place.name})",
            default_root_object="index.html",
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            domain_names=[place.domain_name] if place.domain_name else None,
            certificate=(
                acm.Certificate.from_certificate_arn(self, "Certificate", place.certificate_arn)
                if place.domain_name
                else None
            ),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if place.domain_name else None,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=place.viewer_protocol_policy,
                response_headers_policy=headers,
                compress=True,
            ),
        )
        self.origin = place.page_origin(self.distribution)
        CfnOutput(self, "PageUrl", value=self.origin)
        CfnOutput(self, "DistributionDomain", value=self.distribution.distribution_domain_name)
        CfnOutput(self, "PageBucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "DistributionId", value=self.distribution.distribution_id)
        waive(
            self.distribution,
            {
                "AwsSolutions-CFR1": "Birds are everywhere: no country is shut out.",
                "AwsSolutions-CFR2": "The page is static; a firewall would cost more than everything else when idle.",
                "AwsSolutions-CFR3": "The bucket's access log records what reaches it; viewers are not logged by choice.",
                "AwsSolutions-CFR4": "CloudFront's own certificate fixes the protocol; an own domain sets TLS 1.2.",
            },
        )
