"""A training keeps its learning curve as it grows, where the model will lie and where admins can look meanwhile."""

from botocore.exceptions import EndpointConnectionError

from avocet.domain.learning_curve import CURVE_FILE, CurveKind, CurvePoint, LearningCurve, Phase
from tests.unit.dataset.world import MemoryObjects
from training_job.curve import CurveKeeper
from training_job.teller import CurveTeller

FIRST, SECOND = (CurvePoint(step, Phase.EVERY_LAYER, 1.0 / step) for step in (1, 2))
HEAD = CurvePoint(1, Phase.HEAD, 0.5)


def test_it_grows_part_by_part_and_lies_whole_in_both_places(tmp_path):
    models = MemoryObjects()
    keeper = CurveKeeper(tmp_path / "model", CurveTeller(models, "avocet-1-1"))

    def kept():
        data = (tmp_path / "model" / CURVE_FILE).read_bytes()
        assert models.get(f"training/avocet-1-1/{CURVE_FILE}") == data
        return [
            (part.kind, [point.step for point in part.points], part.best)
            for part in LearningCurve.from_json(data).parts
        ]

    keeper.keep(CurveKind.EPOCHS, [FIRST], best=1)
    assert kept() == [(CurveKind.EPOCHS, [1], 1)]
    keeper.keep(CurveKind.EPOCHS, [FIRST, SECOND], best=2)
    keeper.keep(CurveKind.CANDIDATES, [HEAD], best=1)
    assert kept() == [(CurveKind.EPOCHS, [1, 2], 2), (CurveKind.CANDIDATES, [1], 1)]


def test_a_bucket_that_does_not_answer_costs_no_more_than_a_line_in_the_log(tmp_path, capsys):
    class Dead(MemoryObjects):
        def put(self, key, data):
            raise EndpointConnectionError(endpoint_url="https://s3")

    CurveKeeper(tmp_path, CurveTeller(Dead(), "training")).keep(CurveKind.EPOCHS, [FIRST], best=1)
    assert "not taken" in capsys.readouterr().out
    assert LearningCurve.from_json((tmp_path / CURVE_FILE).read_bytes()).parts
