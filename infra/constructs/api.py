"""The REST API's edge: routes, authorizer, throttling, access log, CORS, and errors that read like the functions' own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.function import log_group
from infra.constructs.waivers import waive
from infra.environments import Environment

STAGE = "v1"
_LOG_POLICY = "arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
_RETRY_AFTER_S = 1
_PREFLIGHT_AGE_S = 3600


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method on one path.

    Attributes:
        method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
        path: As in the OpenAPI document, such as ``/predictions/{id}``.
        verb: The function that answers.
        is_public: Whether it answers without a token.
        rate_per_s: Requests a second, all callers together, that pass on the long run.
        burst: Requests that pass at once.
    """

    method: str
    path: str
    verb: str
    is_public: bool = False
    rate_per_s: float = 50
    burst: int = 100


@dataclass(frozen=True)
class _Problem:
    """What API Gateway itself answers in place of a function."""

    response_type: apigateway.ResponseType
    status: int | None
    code: str
    title: str
    detail: str


_R = apigateway.ResponseType
_PROBLEMS = (
    _Problem(_R.DEFAULT_4_XX, None, "refused", "The request was refused", "Check the request and the token."),
    _Problem(_R.DEFAULT_5_XX, None, "unavailable", "The service failed", "Try again in a moment."),
    _Problem(_R.UNAUTHORIZED, 401, "not-signed-in", "Not signed in", "A valid ID token is needed: sign in."),
    _Problem(_R.EXPIRED_TOKEN, 401, "not-signed-in", "Not signed in", "The token has expired: sign in again."),
    _Problem(_R.ACCESS_DENIED, 403, "not-allowed", "Not allowed", "This person may not do that."),
    _Problem(_R.MISSING_AUTHENTICATION_TOKEN, 404, "not-found", "Not found", "There is no such path or method."),
    _Problem(_R.REQUEST_TOO_LARGE, 413, "body-too-large", "The body is too large", "Send less, or use an upload."),
    _Problem(_R.THROTTLED, 429, "too-many-requests", "Too many requests", "Wait a moment, then try again."),
    _Problem(_R.QUOTA_EXCEEDED, 429, "too-many-requests", "Too many requests", "Wait a moment, then try again."),
)


class Api(Construct):
    """The API with one stage, ``v1``; every route leads to a function by proxy."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        page_origin: str,
        user_pool: cognito.IUserPool,
        routes: Sequence[Route],
        functions: Mapping[str, lambda_.IFunction],
    ) -> None:
        """Lay the ``routes``.

        Args:
            scope: The stack it belongs to.
            construct_id: Its name in the template.
            place: The environment it is for.
            page_origin: The one origin whose browsers may call it.
            user_pool: Whose ID tokens open the routes that are not public.
            routes: What leads where.
            functions: The functions, by verb.
        """
        super().__init__(scope, construct_id)
        self._page_origin = page_origin
        self._place = place
        self.rest_api = self._rest_api(routes)
        self._authorizer = apigateway.CognitoUserPoolsAuthorizer(
            self, "SignedIn", cognito_user_pools=[user_pool], authorizer_name="signed-in"
        )
        methods_by_path: dict[str, set[str]] = {}
        for route in routes:
            self._lay(route, functions[route.verb])
            methods_by_path.setdefault(route.path, set()).add(route.method)
        for path, methods in methods_by_path.items():
            self._answer_preflight(path, sorted(methods))
        for problem in _PROBLEMS:
            self._phrase(problem)

    def _rest_api(self, routes: Sequence[Route]) -> apigateway.RestApi:
        access = log_group(self, "AccessLog", self._place)
        rest_api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=f"avocet-{self._place.name}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE,
                throttling_rate_limit=50,
                throttling_burst_limit=100,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                # Metrics of each method cost as much as one's own; those of the whole API are free and are what is watched.
                metrics_enabled=False,
                tracing_enabled=True,
                access_log_destination=apigateway.LogGroupLogDestination(access),
                # No address, no user agent, no path parameter: a log of requests, not of people.
                access_log_format=apigateway.AccessLogFormat.custom(
                    '{"request_id":"$context.requestId","at":"$context.requestTime","method":"$context.httpMethod",'
                    '"route":"$context.resourcePath","status":"$context.status","latency_ms":"$context.responseLatency",'
                    '"integration_ms":"$context.integrationLatency","bytes":"$context.responseLength"}'
                ),
                method_options={
                    f"{route.path}/{route.method}": apigateway.MethodDeploymentOptions(
                        throttling_rate_limit=route.rate_per_s,
                        throttling_burst_limit=route.burst,
                        logging_level=apigateway.MethodLoggingLevel.ERROR,
                        metrics_enabled=False,
                    )
                    for route in routes
                },
            ),
        )
        waive(
            rest_api,
            {
                "AwsSolutions-APIG2": "Photos are binary and JSON bodies are checked in code, the same in both places.",
                "AwsSolutions-APIG3": "A firewall costs more than everything else when idle; the stage throttles.",
                f"AwsSolutions-IAM4[Policy::{_LOG_POLICY}]": "AWS's own policy for API Gateway's account-wide log role.",
            },
        )
        return rest_api

    def _lay(self, route: Route, function: lambda_.IFunction) -> None:
        resource = self.rest_api.root.resource_for_path(route.path)
        method = resource.add_method(
            route.method,
            apigateway.LambdaIntegration(function, allow_test_invoke=False),
            authorization_type=(
                apigateway.AuthorizationType.NONE if route.is_public else apigateway.AuthorizationType.COGNITO
            ),
            authorizer=None if route.is_public else self._authorizer,
        )
        if route.is_public:
            reason = "Public by design, throttled, and it tells nothing of people."
            waive(method, {"AwsSolutions-APIG4": reason, "AwsSolutions-COG4": reason})

    def _answer_preflight(self, path: str, methods: Sequence[str]) -> None:
        answer = {
            "Access-Control-Allow-Origin": self._page_origin,
            "Access-Control-Allow-Methods": ",".join([*methods, "OPTIONS"]),
            "Access-Control-Allow-Headers": "Authorization,Content-Type,X-Correlation-Id",
            "Access-Control-Max-Age": str(_PREFLIGHT_AGE_S),
            "Vary": "Origin",
        }
        headers = {f"method.response.header.{name}": f"'{value}'" for name, value in answer.items()}
        method = self.rest_api.root.resource_for_path(path).add_method(
            "OPTIONS",
            # With every media type binary, a mock cannot read its own template unless the request is made text.
            apigateway.MockIntegration(
                content_handling=apigateway.ContentHandling.CONVERT_TO_TEXT,
                passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
                request_templates={"application/json": '{"statusCode": 204}'},
                integration_responses=[apigateway.IntegrationResponse(status_code="204", response_parameters=headers)],
            ),
            authorization_type=apigateway.AuthorizationType.NONE,
            method_responses=[
                apigateway.MethodResponse(status_code="204", response_parameters=dict.fromkeys(headers, True))
            ],
        )
        reason = "A preflight carries no token; browsers send none."
        waive(method, {"AwsSolutions-APIG4": reason, "AwsSolutions-COG4": reason})

    def _phrase(self, problem: _Problem) -> None:
        status = "$context.error.responseType" if problem.status is None else problem.status
        body = (
            f'{{"type":"/problems/{problem.code}","title":"{problem.title}",'
            + (f'"status":{status},' if problem.status is not None else "")
            + f'"detail":"{problem.detail}","instance":"$context.requestId"}}'
        )
        headers = {
            "Access-Control-Allow-Origin": f"'{self._page_origin}'",
            "Access-Control-Expose-Headers": "'Retry-After,X-Correlation-Id'",
            "Content-Type": "'application/problem+json'",
            "Vary": "'Origin'",
        }
        if problem.status == 429:
            headers["Retry-After"] = f"'{_RETRY_AFTER_S}'"
        self.rest_api.add_gateway_response(
            "".join(word.title() for word in problem.response_type.response_type.split("_")),
            type=problem.response_type,
            status_code=None if problem.status is None else str(problem.status),
            response_headers=headers,
            templates={"application/json": body},
        )
