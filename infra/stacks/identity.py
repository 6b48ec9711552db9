"""Who people are: one Cognito pool with its two groups, and the terms each of them accepted."""

from pathlib import Path

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from avocet.settings import Settings
from infra.constructs.function import VerbFunction, VerbSpec
from infra.constructs.layers import LayerAssets, StackLayers
from infra.constructs.waivers import waive
from infra.environments import Environment

GROUPS = ("user", "reviewer", "admin")
SPECS = {
    # Cognito waits five seconds for a trigger, and no longer.
    "pre_sign_up": VerbSpec(verb="pre_sign_up", layers=("core",), memory_mb=256, timeout_s=5),
    "pre_token": VerbSpec(verb="pre_token", timeout_s=5),
}
_MIN_PASSWORD_LENGTH = 12
_TOKEN_MINUTES = 15
_REFRESH_DAYS = 30


class IdentityStack(Stack):
    """The pool, its client for the page and the command line, and the functions it asks."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        people_table: dynamodb.Table,
        functions_dir: Path,
        layer_assets: LayerAssets,
    ) -> None:
        """Make the stack for ``place``; accepted terms are recorded in ``people_table``."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): sign-up and sign-in")
        layers = StackLayers(self, "Layers", assets=layer_assets)
        self.user_pool = cognito.UserPool(
            self,
            "People",
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            self_sign_up_enabled=True,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=_MIN_PASSWORD_LENGTH,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            custom_attributes={
                "terms_version": cognito.StringAttribute(max_len=32, mutable=False),
                "licence": cognito.StringAttribute(max_len=64, mutable=False),
                "terms_accepted_at": cognito.StringAttribute(max_len=40, mutable=False),
            },
            deletion_protection=place.keeps_data,
            removal_policy=place.removal_policy,
        )
        if place.mail_sender:
            self._send_from(place.mail_sender)
        for group in GROUPS:
            cognito.CfnUserPoolGroup(
                self,
                f"{group.title()}Group",
                group_name=group,
                user_pool_id=self.user_pool.user_pool_id,
                precedence=GROUPS[::-1].index(group),
            )
        client = self.user_pool.add_client(
            "Client",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.minutes(_TOKEN_MINUTES),
            access_token_validity=Duration.minutes(_TOKEN_MINUTES),
            refresh_token_validity=Duration.days(_REFRESH_DAYS),
        )
        self._refuse_without_terms(place, layers, functions_dir)
        self._record_terms(place, layers, functions_dir, people_table)

        CfnOutput(self, "UserPoolId", value=self.user_pool.user_pool_id)
        CfnOutput(self, "ClientId", value=client.user_pool_client_id)
        waive(
            self.user_pool,
            {
                "AwsSolutions-COG2": "Birders may choose a second factor; admins get no rights without one.",
                "AwsSolutions-COG3": "Threat protection is priced per person; throttling and the lock-out stand in.",
                "AwsSolutions-COG8": "The plus tier is priced per person; throttling and the lock-out stand in.",
            },
        )

    def _send_from(self, address: str) -> None:
        """Send codes and invitations from ``address`` through SES; Cognito's own sender stops at fifty a day."""
        pool = self.user_pool.node.default_child
        assert isinstance(pool, cognito.CfnUserPool)  # noqa: S101 (what every UserPool is made of)
        # The construct library's own way wants to know the region when it synthesises.
        pool.email_configuration = cognito.CfnUserPool.EmailConfigurationProperty(
            email_sending_account="DEVELOPER",
            from_=f"Avocet <{address}>",
            source_arn=self.format_arn(service="ses", resource="identity", resource_name=address),
        )

    def _refuse_without_terms(self, place: Environment, layers: StackLayers, functions_dir: Path) -> None:
        refuse = VerbFunction(
            self,
            spec=SPECS["pre_sign_up"],
            place=place,
            settings=Settings(stage=place.name, confirm_sign_ups="yes" if place.is_embedded else ""),
            layers=layers,
            functions_dir=functions_dir,
        )
        self.user_pool.add_trigger(cognito.UserPoolOperation.PRE_SIGN_UP, refuse.function)

    def _record_terms(
        self, place: Environment, layers: StackLayers, functions_dir: Path, people_table: dynamodb.Table
    ) -> None:
        """Record what was accepted before the first token is given out.

        A trigger after confirmation would be the obvious place. It runs once, and if it fails, the person is in
        without a record. This one runs before every token: nobody is in without a record, and a failure heals itself.
        """
        record = VerbFunction(
            self,
            spec=SPECS["pre_token"],
            place=place,
            settings=Settings(
                stage=place.name,
                people_table=people_table.table_name,
                admins_need_second_factor="" if place.is_embedded else "yes",
            ),
            layers=layers,
            functions_dir=functions_dir,
        )
        record.allow(["dynamodb:PutItem"], [people_table.table_arn])
        self.user_pool.add_trigger(cognito.UserPoolOperation.PRE_TOKEN_GENERATION, record.function)
        # A policy of its own: the function's would wait for the pool, which waits for the function.
        iam.Policy(
            self,
            "SeesSecondFactors",
            roles=[record.role],
            statements=[
                iam.PolicyStatement(actions=["cognito-idp:AdminGetUser"], resources=[self.user_pool.user_pool_arn])
            ],
        )
