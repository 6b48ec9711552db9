"""What lies beside a training's output in the models bucket, wherever it runs: its status, and what its keys are called.

``training/<name>/`` holds ``status.json``, ``learning_curve.json`` and ``output/model.tar.gz``; a worker of one's own keeps
``log.txt`` there and looks for ``stop``. It reads a status that nobody wrote whole as none.
"""

import json

from avocet.domain.training import TrainingState, TrainingStatus
from avocet.usecases.dataset_ports import Objects

TRAINING = "training/"
OUTPUT = "output/model.tar.gz"


def key(name: str, file: str) -> str:
    """Return where a file of a training lies."""
    return f"{TRAINING}{name}/{file}"


def status_bytes(status: TrainingStatus) -> bytes:
    """Return a status as stored."""
    values = {
        "state": status.state,
        "beat": status.beat,
        "done": status.done,
        "total": status.total,
        "note": status.note,
        "reason": status.reason,
    }
    return json.dumps(values).encode()


def read_status(models: Objects, name: str) -> TrainingStatus | None:
    """Return what a training, or its worker, last said; None when nothing was said."""
    data = models.get(key(name, "status.json"))
    if data is None:
        return None
    values = json.loads(data)
    return TrainingStatus(
        TrainingState(values["state"]),
        int(values["beat"]),
        int(values["done"]),
        int(values["total"]),
        str(values["note"]),
        str(values["reason"]),
    )
