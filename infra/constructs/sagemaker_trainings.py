"""What SageMaker needs to run trainings: the code as a tarball, a role that may touch little, and a machine for each recipe.

The image is AWS's own and its tag is pinned, so no Docker and no registry is needed to deploy. There is no VPC: a training
reaches S3 and the package index, and nothing reaches it.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from aws_cdk import ArnFormat, Aws, Stack, region_info
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from infra.constructs.waivers import objects_finding, resource_finding, waive
from infra.environments import Environment, TrainingMachine
from infra.stacks.storage import StorageStack

_ROOT = Path(__file__).resolve().parents[2]
_REPOSITORY = "tensorflow-training"
# Of 2026-07-10: TensorFlow 2.21.0, Python 3.12, CUDA 12.9.1. https://aws.github.io/deep-learning-containers/
_TAGS = {True: "2.21.0-gpu-py312-cu129-amzn2023-sagemaker", False: "2.21.0-cpu-py312-amzn2023-sagemaker"}
_USUAL_ACCOUNT = "763104351884"
_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_JOBS = "avocet-*"
_TOP = "sagemaker"


class SageMakerTrainings(Construct):
    """Trainings of one environment."""

    def __init__(self, scope: Construct, construct_id: str, *, place: Environment, storage: StorageStack) -> None:
        """Make the role and upload the code."""
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._account = stack.regional_fact(region_info.FactName.DLC_REPOSITORY_ACCOUNT, _USUAL_ACCOUNT)
        self._code = assets.Asset(self, "Code", path=str(packed_code(_ROOT, _ROOT / "build" / "training")))
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=f"Avocet ({place.name}): trainings",
        )
        self.code_uri = self._code.s3_object_url
        self._stack = stack
        self.machines = stack.to_json_string(
            {recipe: self._machine(machine) for recipe, machine in place.training_machines.items()}
        )
        self._grant(storage)

    def _machine(self, machine: TrainingMachine) -> dict[str, object]:
        return {
            "image": (f"{self._account}.dkr.ecr.{Aws.REGION}.{Aws.URL_SUFFIX}/{_REPOSITORY}:{_TAGS[machine.has_gpu]}"),
            "instance_type": machine.instance_type,
            "volume_gb": machine.volume_gb,
            "is_spot": machine.is_spot,
            "max_runtime_s": machine.max_runtime_s,
            "max_wait_s": machine.max_wait_s,
        }

    def allow_jobs(self, role: iam.IRole, *actions: str) -> None:
        """Let a role do ``actions`` on our training jobs, and on nobody else's."""
        self._allow_here(role, actions, "sagemaker", f"training-job/{_JOBS}")

    def allow_logs(self, role: iam.IRole, *, of_group: Sequence[str], of_streams: Sequence[str]) -> None:
        """Let a role do this with the log group of trainings, and that with the streams of ours."""
        self._allow_here(role, of_group, "logs", f"log-group:{_LOG_GROUP}:*")
        self._allow_here(role, of_streams, "logs", f"log-group:{_LOG_GROUP}:log-stream:{_JOBS}")

    def allow_starting(self, role: iam.IRole) -> None:
        """Let a role begin a training under the trainings' own role."""
        self.allow_jobs(role, "sagemaker:CreateTrainingJob", "sagemaker:AddTags")
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )

    def _grant(self, storage: StorageStack) -> None:
        clean, models = storage.clean_bucket, storage.models_bucket
        self._allow(["s3:GetObject"], [self._code.bucket.arn_for_objects(self._code.s3_object_key)])
        self._allow(["s3:ListBucket"], [clean.bucket_arn, models.bucket_arn])
        self._allow(["s3:ListBucketVersions"], [models.bucket_arn])
        self._allow_objects(["s3:GetObject"], clean)
        writes = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        for actions, prefix in (
            (["s3:GetObject"], "bundles/"),
            (["s3:GetObject"], "pretrained/"),
            # Embeddings of erased photos are removed in every version.
            (["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"], "embeddings/"),
            ([*writes, "s3:DeleteObject"], "checkpoints/"),
            (writes, "training/"),
        ):
            self._allow_objects(actions, models, prefix)
        self.allow_logs(
            self.role,
            of_group=["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            of_streams=["logs:CreateLogStream", "logs:PutLogEvents"],
        )
        images = f"arn:{Aws.PARTITION}:ecr:{Aws.REGION}:{self._account}:repository/{_REPOSITORY}"
        self._allow(["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"], [images])
        self._allow(["ecr:GetAuthorizationToken"], ["*"])
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": _LOG_GROUP}},
            )
        )
        reason = "A login to ECR and a metric have no ARN; the metric's namespace is fixed."
        waive(self.role, {"AwsSolutions-IAM5[Resource::*]": reason})

    def _allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(resources)))

    def _allow_objects(self, actions: Sequence[str], bucket: s3.IBucket, under: str = "") -> None:
        self._allow(actions, [bucket.arn_for_objects(f"{under}*")])
        waive(self.role, {objects_finding(bucket, under): "Keys of photos and models are not known beforehand."})

    def _allow_here(self, role: iam.IRole, actions: Sequence[str], service: str, resource: str) -> None:
        kind, _, name = resource.partition("/" if service == "sagemaker" else ":")
        arn = self._stack.format_arn(
            service=service,
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME if service == "sagemaker" else ArnFormat.COLON_RESOURCE_NAME,
        )
        role.add_to_principal_policy(iam.PolicyStatement(actions=list(actions), resources=[arn]))
        reason = "Trainings and their logs are named later; the beginning of the name is ours alone."
        waive(role, {resource_finding(service, resource): reason})


def packed_code(root: Path, folder: Path) -> Path:
    """Pack the training's code with its locked requirements; the same sources give the same bytes and the same name."""
    buffer = io.BytesIO()
    # No time and no name in the header: the archive's hash is that of what is in it.
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for name, path in sorted(_sources(root)):
            data = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    packed = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"code-{hashlib.sha256(packed).hexdigest()[:16]}.tar.gz"
    if not made.exists():
        partial = made.with_suffix(".partial")
        partial.write_bytes(packed)
        partial.replace(made)
    return made


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and file of everything in the tarball: the script and its requirements on top, two packages below."""
    for path in (root / "training_job" / _TOP).iterdir():
        if path.suffix in (".py", ".txt"):
            yield path.name, path
    for package, above in (("training_job", root), ("avocet", root / "layers/core/python")):
        for path in (above / package).rglob("*"):
            if path.is_file() and path.suffix in (".py", ".sqlite", ".json"):
                yield path.relative_to(above).as_posix(), path
