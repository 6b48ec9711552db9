"""Deploys the CDK app with the CDK's own command line, when anything it is made of has changed."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from botocore.exceptions import ClientError

from local.aws import Place
from local.steps import SetupError

ROOT = Path(__file__).resolve().parent.parent
_CDK = ROOT / "node_modules/.bin/cdk"
_STACKS = ("page", "storage", "identity", "learning", "serving")
_INPUTS = ("app.py", "cdk.json", "infra", "functions", "layers/core/python/avocet/settings.py")
_DISK_FULL = ("ENOSPC", "No space left on device")
_PINS = ("requirements.txt", "package-lock.json")


@dataclass(frozen=True)
class Outputs:
    """What the stacks say of themselves once they stand."""

    page_url: str
    page_bucket: str
    distribution_id: str
    uploads_bucket: str
    raw_bucket: str
    clean_bucket: str
    models_bucket: str
    models_table: str
    user_pool_id: str
    client_id: str
    api_url: str
    admin_topic: str
    training_queue: str
    data_requests_queue: str
    tracking_url: str


class Deployment:
    """The app in one place."""

    def __init__(self, place: Place, *, work_dir: Path, context: Mapping[str, str]) -> None:
        """Prepare to deploy to ``place``; ``work_dir`` takes the cloud assembly and the log."""
        self._place = place
        self._work_dir = work_dir
        self._context = {"environment": place.environment, **context}
        self._lock_path = work_dir / "tool.lock"
        self._marker = f"/avocet/{place.environment}/deployed"

    @property
    def log(self) -> Path:
        """What the command line said."""
        return self._work_dir / "deploy.log"

    def end_leftover(self) -> None:
        """End a command-line tool that outlived the program that started it: it would deploy on and on."""
        with self._lock_path.open("a+") as lock:
            if _is_free(lock):
                return
            lock.seek(0)
            pid = lock.read()
            if pid.isdigit():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(int(pid), signal.SIGKILL)
            fcntl.flock(lock, fcntl.LOCK_EX)

    def fingerprint(self, layer_digests: Mapping[str, str]) -> str:
        """Return a digest of everything the deployed app is made of."""
        digest = hashlib.sha256(json.dumps([self._context, dict(layer_digests)], sort_keys=True).encode())
        for name in (*_INPUTS, *_PINS):
            top = ROOT / name
            for path in sorted(top.rglob("*.*")) if top.is_dir() else [top]:
                if path.is_file() and path.suffix != ".pyc":
                    digest.update(str(path.relative_to(ROOT)).encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()

    def deployed_fingerprint(self) -> str | None:
        """Return the fingerprint of what was last deployed, as the place itself remembers it."""
        ssm = self._place.client("ssm")
        try:
            return str(ssm.get_parameter(Name=self._marker)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return None

    def remember(self, fingerprint: str) -> None:
        """Leave ``fingerprint`` in the place."""
        self._place.client("ssm").put_parameter(Name=self._marker, Value=fingerprint, Type="String", Overwrite=True)

    def is_bootstrapped(self) -> bool:
        """Whether the CDK's own stack stands."""
        return self._stack_status("CDKToolkit") in ("CREATE_COMPLETE", "UPDATE_COMPLETE")

    def bootstrap(self) -> None:
        """Make the CDK's own stack.

        Raises:
            SetupError: When it cannot be made.
        """
        account = self._place.client("sts").get_caller_identity()["Account"]
        # From a folder without the app, which has no part in this.
        self._cdk("bootstrap", f"aws://{account}/{self._place.region}", cwd=self._work_dir)

    def deploy(self) -> None:
        """Synthesise and deploy every stack.

        Raises:
            SetupError: When a stack cannot be deployed.
        """
        # What a killed synthesis left there would be taken for finished.
        shutil.rmtree(self._work_dir / "cdk.out", ignore_errors=True)
        context = [part for name, value in self._context.items() for part in ("--context", f"{name}={value}")]
        options = ("--require-approval", "never", "--concurrency", "3", "--method", "direct", "--progress", "events")
        self._cdk("deploy", "--all", *options, *context, "--output", str(self._work_dir / "cdk.out"), cwd=ROOT)

    def destroy(self) -> None:
        """Delete every stack; buckets that go with them must be empty.

        Raises:
            SetupError: When a stack cannot be deleted.
        """
        shutil.rmtree(self._work_dir / "cdk.out", ignore_errors=True)
        # Templates without layers will do: what stands is deleted as its own template says.
        context = {**self._context, "template_only": "true"}
        parts = [part for name, value in context.items() for part in ("--context", f"{name}={value}")]
        output = str(self._work_dir / "cdk.out")
        self._cdk("destroy", "--all", "--force", *parts, "--output", output, cwd=ROOT)

    def forget(self) -> None:
        """Remove what ``remember`` left in the place."""
        ssm = self._place.client("ssm")
        with contextlib.suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=self._marker)

    def outputs(self) -> Outputs:
        """Read what the stacks say.

        Raises:
            SetupError: When a stack is not there.
        """
        found: dict[str, str] = {}
        for name in _STACKS:
            stack_name = f"avocet-{self._place.environment}-{name}"
            try:
                stack = self._place.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
            except ClientError as error:
                raise SetupError(f"the stack {stack_name} is not there; deploy first.") from error
            found.update({output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())})
        return Outputs(
            page_url=found["PageUrl"],
            page_bucket=found["PageBucketName"],
            distribution_id=found["DistributionId"],
            uploads_bucket=found["UploadsBucketName"],
            raw_bucket=found["RawBucketName"],
            clean_bucket=found["CleanBucketName"],
            models_bucket=found["ModelsBucketName"],
            models_table=found["ModelsTableName"],
            user_pool_id=found["UserPoolId"],
            client_id=found["ClientId"],
            api_url=found["ApiUrl"],
            admin_topic=found["AdminTopicArn"],
            # Only beside the emulator.
            training_queue=found.get("TrainingQueueUrl", ""),
            data_requests_queue=found["DataRequestsUrl"],
            # Only where somebody keeps an MLflow.
            tracking_url=found.get("TrackingUrl", ""),
        )

    def _stack_status(self, name: str) -> str | None:
        try:
            stacks = self._place.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError:
            return None
        return str(stacks[0]["StackStatus"]) if stacks else None

    def _cdk(self, *arguments: str, cwd: Path) -> None:
        self._work_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log, self._lock_path.open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The tool inherits the lock, so it is taken as long as the tool lives, whatever becomes of this program.
            process = subprocess.Popen(
                [str(_CDK), *arguments, "--no-notices", "--ci"],
                cwd=cwd,
                env=self._place.tool_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(lock.fileno(),),
                start_new_session=True,
            )
            lock.truncate(0)
            lock.write(str(process.pid))
            lock.flush()
            try:
                failed = process.wait() != 0
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise
        if failed:
            if any(sign in self.log.read_text(errors="replace") for sign in _DISK_FULL):
                raise SetupError("the disk is full; free some space and run this again.")
            raise SetupError(f"cdk {arguments[0]} failed: {self._reason()} (all of it is in {self.log})")

    def _reason(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        telling = [line for line in lines if "❌" in line or "FAILED" in line or "rror:" in line]
        return (telling or lines or ["it said nothing"])[-1]


def _is_free(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
