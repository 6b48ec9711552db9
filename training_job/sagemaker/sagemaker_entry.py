"""What SageMaker's image runs, from the root of the tarball; the training itself is ``training_job.job``.

Afterwards the journal is copied into MLflow where an address was given, with the image's own MLflow. A server that does not
answer within a minute changes nothing: the journal lies beside the model and can be copied whenever there is one.
"""

import os
import subprocess
import sys

from training_job.job import main

_PATIENCE_S = "60"
_LIMIT_S = 300.0


def record(url: str, folder: str) -> None:
    """Copy the journal of ``folder`` into the MLflow at ``url``."""
    follow = ("-m", "training_job.records", "follow", folder, "--url", url, "--patience-s", _PATIENCE_S)
    try:
        ended = subprocess.run([sys.executable, *follow], check=False, timeout=_LIMIT_S).returncode
    except subprocess.TimeoutExpired:
        ended = None
    if ended != 0:
        print(f"not recorded in {url}; the journal is in the output", flush=True)  # noqa: T201 (the log)


if __name__ == "__main__":
    code = main()
    if url := os.environ.get("AVOCET_TRACKING_URL"):
        record(url, os.environ["SM_MODEL_DIR"])
    sys.exit(code)
