"""A training in SageMaker says how far it is; what it cannot say stops nothing."""

from botocore.exceptions import EndpointConnectionError

from avocet.adapters.training_files import read_status
from avocet.domain.training import TrainingState
from tests.unit.dataset.world import MemoryObjects
from training_job.teller import StatusTeller


def test_progress_is_told_now_and_then_and_a_refusal_at_once():
    models, now = MemoryObjects(), [0.0]
    teller = StatusTeller(models, "training", lambda: now[0])
    teller.reached(1, 9, "epoch 1")
    now[0] = 1
    teller.reached(2, 9, "epoch 2")
    assert read_status(models, "training").done == 1
    now[0] = 6
    teller.reached(3, 9, "epoch 3")
    told = read_status(models, "training")
    assert (told.done, told.note, told.beat) == (3, "epoch 3", 2)
    teller.refused("two species are needed")
    told = read_status(models, "training")
    assert (told.state, told.reason, told.done) == (TrainingState.FAILED, "two species are needed", 3)


def test_a_bucket_that_does_not_answer_stops_no_training(capsys):
    class Dead(MemoryObjects):
        def put(self, key, data):
            raise EndpointConnectionError(endpoint_url="https://s3")

    StatusTeller(Dead(), "training").reached(1, 9, "epoch 1")
    assert "not taken" in capsys.readouterr().out
