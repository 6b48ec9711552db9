"""What watches over the rest: one dashboard, at most ten alarms, and the function that puts them into people's words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_xray as xray
from constructs import Construct

from avocet.settings import FUNCTION_ERRORS_METRIC, metrics_namespace
from infra.constructs.function import VerbFunction, VerbSpec
from infra.constructs.layers import LayerAssets, StackLayers
from infra.constructs.waivers import waive
from infra.environments import Environment
from infra.stacks.learning import LearningStack
from infra.stacks.serving import ServingStack, dead_alarms_queue

_SLOW_MS = 1000
_WAITED_S = 900
_DAILY_USD = 10
# Of all requests; at a million predictions a month this many traces are free, and all of them would cost as much as the API.
_TRACED_RATIO = 0.05
SPECS = {"tell_alarm": VerbSpec(verb="tell_alarm", timeout_s=30)}


@dataclass(frozen=True, kw_only=True)
class _Watched:
    """A metric and from where on it is an alarm."""

    metric: cloudwatch.IMetric
    above: float
    periods: int = 1


class WatchingStack(Stack):
    """Dashboard and alarms."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Environment,
        serving: ServingStack,
        learning: LearningStack,
        functions_dir: Path,
        layer_assets: LayerAssets,
    ) -> None:
        """Make the stack for ``place``."""
        super().__init__(scope, construct_id, description=f"Avocet ({place.name}): dashboard and alarms")
        self._place = place
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=dead_alarms_queue(place),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        waive(dead_letters, {"AwsSolutions-SQS3": "It holds dead letters itself: what the function below failed on."})
        self.topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        waive(self.topic, {"AwsSolutions-SNS2": "Messages name alarms and figures; a key of one's own costs more."})
        tells = VerbFunction(
            self,
            spec=SPECS["tell_alarm"],
            place=place,
            settings=replace(learning.settings),
            layers=StackLayers(self, "Layers", assets=layer_assets),
            functions_dir=functions_dir,
            dead_letters=dead_letters,
        )
        learning.allow_notifying(tells)
        self.topic.add_subscription(subscriptions.LambdaSubscription(tells.function))
        queues = {"serving": serving.dead_letters, "learning": learning.dead_letters, "watching": dead_letters}
        watched = self._watched(serving, queues)
        for name, each in watched.items():
            self._alarm(name, each)
        self._dashboard(serving, watched)
        # The emulator knows neither budgets nor traces.
        if not place.is_embedded:
            self._budget()
            self._sample_traces()

    def _watched(self, serving: ServingStack, queues: Mapping[str, sqs.IQueue]) -> Mapping[str, _Watched]:
        predict = serving.function("predict")
        # One alarm a queue and no sum of them: the emulator takes no metric math.
        dead = {
            f"{stack}-dead-letters": _Watched(
                metric=queue.metric_approximate_number_of_messages_visible(period=_MINUTES_5), above=0
            )
            for stack, queue in queues.items()
        }
        return {
            "api-errors": _Watched(metric=serving.api.rest_api.metric_server_error(period=_MINUTES_5), above=5),
            "function-errors": _Watched(metric=self._own(FUNCTION_ERRORS_METRIC), above=5),
            # The limit is the whole account's: whoever runs most and longest meets it first. A sum of all functions would be
            # paid for as that many alarms; what others are refused shows as API errors, dead letters or failed jobs.
            "throttles": _Watched(metric=predict.metric_throttles(period=_MINUTES_5), above=0),
            "slow-predictions": _Watched(
                metric=predict.metric_duration(statistic="p95", period=_MINUTES_5), above=_SLOW_MS, periods=3
            ),
            **dead,
            "waiting-work": _Watched(
                metric=serving.data_requests.metric_approximate_age_of_oldest_message(period=_MINUTES_5),
                above=_WAITED_S,
            ),
            "failed-jobs": _Watched(metric=self._own("JobsFailed"), above=0),
            "failed-swaps": _Watched(metric=self._own("ModelLoadFailed"), above=0),
        }

    def _own(self, metric: str) -> cloudwatch.IMetric:
        """Return a metric that this environment's own functions write."""
        return cloudwatch.Metric(
            namespace=metrics_namespace(self._place.name), metric_name=metric, statistic="Sum", period=_MINUTES_5
        )

    def _alarm(self, name: str, watched: _Watched) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.title() for word in name.split("-")) + "Alarm",
            alarm_name=f"avocet-{self._place.name}-{name}",
            metric=watched.metric,
            threshold=watched.above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=watched.periods,
            # Nobody came by: nothing is wrong.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        alarm.add_ok_action(actions.SnsAction(self.topic))

    def _dashboard(self, serving: ServingStack, watched: Mapping[str, _Watched]) -> None:
        predict, api = serving.function("predict"), serving.api.rest_api
        board = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=f"avocet-{self._place.name}")
        board.add_widgets(
            _graph("Requests and failures", api.metric_count(), api.metric_server_error(), api.metric_client_error()),
            _graph(
                "A prediction, ms",
                predict.metric_duration(statistic="p50"),
                predict.metric_duration(statistic="p95"),
                predict.metric_duration(statistic="p99"),
            ),
            _graph("Functions", watched["function-errors"].metric, watched["throttles"].metric),
        )
        board.add_widgets(
            _graph("Given up on", *(each.metric for name, each in watched.items() if name.endswith("dead-letters"))),
            _graph("Jobs", watched["failed-jobs"].metric, self._own("JobsGivenUp")),
            _graph("The model", self._own("ModelLoaded"), watched["failed-swaps"].metric, self._own("DriftingSpecies")),
        )
        CfnOutput(self, "DashboardName", value=board.dashboard_name)

    def _sample_traces(self) -> None:
        anything = "*"
        xray.CfnSamplingRule(
            self,
            "Traces",
            sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
                rule_name=f"avocet-{self._place.name}",
                version=1,
                priority=1000,
                service_name=f"avocet-{self._place.name}*",
                service_type=anything,
                host=anything,
                http_method=anything,
                url_path=anything,
                resource_arn=anything,
                # No first one of every second beside it: on quiet days that would be all.
                reservoir_size=0,
                fixed_rate=_TRACED_RATIO,
            ),
        )

    def _budget(self) -> None:
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
            )
        )
        budgets.CfnBudget(
            self,
            "DailyCost",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="DAILY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=_DAILY_USD, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:avocet:environment${self._place.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN", notification_type="ACTUAL", threshold=100
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)
                    ],
                )
            ],
        )


_MINUTES_5 = Duration.minutes(5)


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)
