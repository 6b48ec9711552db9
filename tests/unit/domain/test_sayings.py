"""Whatever a job says of why it was asked for or why it failed can be told in both languages: read out of what raises it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from avocet.domain import sayings
from avocet.domain.sayings import Saying, in_french, saying_in

ROOT = Path(__file__).parents[3]
CORE = "layers/core/python/avocet"
# What ends a job, by where it is raised.
RAISED = {
    f"{CORE}/domain/training.py": {"UnusableTrainingError", "UnknownRecipeError", "NothingToTrainOnError"},
    f"{CORE}/usecases/train.py": {"NoModelError", "BrokenOutputError"},
    f"{CORE}/usecases/finish_training.py": {"BrokenOutputError", "BrokenBundleError"},
    f"{CORE}/usecases/evaluate.py": {"EvaluationNotFoundError", "ModelNotFoundError"},
    f"{CORE}/usecases/read_snapshot.py": {"CorruptSnapshotError", "SnapshotNotFoundError"},
    f"{CORE}/usecases/snapshot_store.py": {"CorruptSnapshotError", "SnapshotNotFoundError"},
    f"{CORE}/domain/snapshots.py": {"CorruptSnapshotError"},
    f"{CORE}/domain/shards.py": {"CorruptSnapshotError"},
    f"{CORE}/adapters/sagemaker_training.py": {"TrainingRefusedError"},
    f"{CORE}/adapters/onnx.py": {"BrokenBundleError"},
    f"{CORE}/adapters/kaggle.py": {"NotConfiguredError", "DeniedError", "WithdrawnError"},
    "training_job/job.py": {"UnknownRecipeError", "MissingChampionError"},
    "training_job/head_recipe.py": {"TooFewSpeciesError"},
    "training_job/full_recipe.py": {"TooFewSpeciesError", "DivergedError"},
    "training_job/photo_file.py": {"CorruptSnapshotError", "DiskFullError"},
    "training_job/checkpoints.py": {"DiskFullError"},
    "training_job/backbones.py": {"NoPretrainedWeightsError"},
    "training_job/surgery.py": {"ForeignGraphError"},
    "training_job/bundle.py": {"ParityError"},
    "training_job/export_onnx.py": {"ParityError"},
}
# Where every sentence that is put together is a reason; each ends in a full stop, or names photos.
WRITTEN = (f"{CORE}/usecases/verify_dataset.py", f"{CORE}/domain/triggers.py")


def written(node: ast.AST, values: dict[str, str]) -> str | None:
    """Return a literal text, with a 7 for whatever stands in it; None for what is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else values.get(ast.unparse(part.value), "7")
                for part in parts
                if isinstance(part, ast.Constant | ast.FormattedValue)
            )
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (written(left, values) or "7") + (written(right, values) or "7")
    return None


def raised(path: str, errors: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name, given = ast.unparse(node.exc.func), node.exc.args
            if name in errors and given and (text := written(given[0], {"recipe!r": "'x'"})):
                yield text


def is_told(text: str) -> bool:
    said = saying_in(text)
    return said is not None and bool(said.en and said.fr) and said.code != "fault"


@pytest.mark.parametrize("path", sorted(RAISED))
def test_every_reason_that_is_raised_is_known_by_a_code(path: str) -> None:
    texts = list(raised(path, RAISED[path]))
    assert texts, "nothing is raised here any more"
    assert [text for text in texts if not is_told(text.replace("not 7", "not '7'"))] == []


def test_a_reason_that_a_failed_step_gives_is_the_one_it_raised() -> None:
    inner = "There is no champion to start from; publish a model first."
    # Whatever stands for a function in the embedded cloud does not say what kind of error it was.
    for text in (inner, f"NoModelError: {inner}", f"Runtime.HandlerError: {inner}"):
        assert saying_in(text) == Saying("no-champion", {})


@pytest.mark.parametrize("path", WRITTEN)
def test_every_sentence_that_is_put_together_is_known_by_a_code(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    texts = [text for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) and (text := written(node, {}))]
    sentences = [text for text in texts if text.endswith(".") or "photos" in text]
    assert sentences
    assert [text for text in sentences if not is_told(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "cancelled by 5d0c0d5e-2a5f",
        "its work broke off, the last of 3 times",
        "its worker fell silent, the last of 3 times",
        "3 findings, such as: Photo 7 is in no shard.",
        "the new model was refused: model.onnx is missing",
        "the new model was refused: validation.photos.jsonl.gz says nothing of 3 photos",
        "the training ended as Stopped",
        "version 7 of the set brought 90 new photos",
        "the pause that the host asked for is over",
        "TensorFlow could not be installed: the disk is full",
        "somebody stopped it",
        "somebody cancelled it",
        "it took longer than 3600 s and was stopped",
        "the training was killed by SIGKILL; its last words: [progress] 3/9 embedding photos",
        "the training ended with exit code 1; its last words: none",
        "States.Timeout: ",
        "Sandbox.Timedout: RequestId: 1 Error: Task timed out after 900.00 seconds",
        "Runtime.ExitError: RequestId: 1 Error: Runtime exited with error: signal: killed",
        "ClientError: An error occurred (SlowDown) when calling the GetObject operation: Reduce your request rate.",
        "Runtime.HandlerError: An error occurred (SlowDown) when calling the GetObject operation: Reduce your request rate.",
        "Runtime.HandlerError: bundle.json does not describe a bundle: KeyError('species')",
        "CorruptSnapshotError: The fold cannot be read.",
    ],
)
def test_every_other_way_a_job_ends_is_known_by_a_code(text: str) -> None:
    assert is_told(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AlgorithmError: ExecuteUserScriptError: ExitCode 1", "script-failed"),
        ("CapacityError: Unable to provision requested ML compute capacity. Please retry.", "no-capacity"),
        ("InternalServerError: We encountered an internal error. Please try again.", "service-fault"),
        ("ClientError: Please use an instance type with more memory.", "service-refused"),
        (
            "ClientError: An error occurred (ThrottlingException) when calling the CreateTrainingJob operation: Rate exceeded",
            "service-throttled",
        ),
        (
            "ProvisionedThroughputExceededException: An error occurred (ProvisionedThroughputExceededException) when calling "
            "the PutItem operation (reached max retries: 4): The level of configured throughput was exceeded.",
            "service-throttled",
        ),
        (
            "Runtime.HandlerError: An error occurred (SlowDown) when calling the GetObject operation: Slow.",
            "service-throttled",
        ),
        ("Lambda.TooManyRequestsException: Rate Exceeded.", "service-throttled"),
        (
            "ClientError: An error occurred (AccessDeniedException) when calling the CreateTrainingJob operation: User: arn:aws:"
            "sts::1:assumed-role/start is not authorized to perform: sagemaker:CreateTrainingJob",
            "service-denied",
        ),
        ("ClientError: An error occurred (403) when calling the HeadObject operation: Forbidden", "service-denied"),
        (
            "ClientError: An error occurred (InternalError) when calling the GetObject operation: We failed.",
            "service-fault",
        ),
        ("EndpointConnectionError: Could not connect to the endpoint URL", "service-silent"),
        ("Sandbox.Timedout: RequestId: 1 Error: Task timed out after 900.00 seconds", "out-of-time"),
    ],
)
def test_what_aws_says_stands_whole_behind_a_sentence_of_the_language(text: str, code: str) -> None:
    said = saying_in(text)
    assert said == Saying(code, {"detail": text})
    english, french = said.en.removesuffix(text), said.fr.removesuffix(text)
    assert english.endswith(("AWS says: ", "SageMaker says: ", "The connection's words: "))
    assert french.endswith(" dit, en anglais : ")


def test_what_sagemaker_says_of_a_refusal_is_said_to_be_its_own_words() -> None:
    quota = saying_in(
        "The account's quota does not allow another ml.g5.xlarge for training; ask for more under Service Quotas, SageMaker, "
        "or set another instance type. SageMaker says: The account-level service limit is 0 Instances."
    )
    assert quota is not None
    assert quota.fr.endswith("SageMaker dit, en anglais : The account-level service limit is 0 Instances.")
    refused = saying_in(
        "SageMaker refuses the request; if it is the image tf:2, set a tag that is still there and deploy. It says: No image."
    )
    assert refused is not None
    assert refused.fr.endswith("SageMaker dit, en anglais : No image.")


def test_what_a_training_itself_says_comes_before_what_sagemaker_makes_of_it() -> None:
    said = saying_in("AlgorithmError: There is no champion to start from; publish a model first.")
    assert said == Saying("no-champion", {})


def test_a_fault_that_nobody_thought_of_is_told_as_one_with_all_its_words() -> None:
    said = saying_in("KeyError: 'species'")
    assert said == Saying("fault", {"detail": "KeyError: 'species'"})
    assert said.fr.endswith("KeyError: 'species'")
    assert said.fr != said.en


def test_what_is_not_known_stays_as_it_is() -> None:
    assert saying_in("the moon was full") is None
    assert in_french("the moon was full; the pause that the host asked for is over") == (
        "the moon was full ; la pause demandée par l'hébergeur est terminée"
    )
    assert in_french("") == ""
    later = Saying("said-by-a-later-version", {"photos": "3"})
    assert (later.en, later.fr) == ("", "")
    assert Saying("findings", {"other": "facts"}).fr == ""


def test_reasons_to_refresh_are_told_in_french_one_by_one() -> None:
    text = (
        "40 contributions are new; 21 are worth a refresh of 2096 photos; enough photos to learn a new species: "
        "mandarin-duck, smew"
    )
    assert in_french(text) == (
        "40 contributions sont nouvelles ; 21 suffisent pour mettre à jour 2096 photos ; assez de photos pour apprendre une "
        "nouvelle espèce : mandarin-duck, smew"
    )


def test_a_reason_within_a_reason_is_told_in_the_same_language() -> None:
    said = saying_in("the new model was refused: the training left no output")
    assert said is not None
    assert said.fr == "le nouveau modèle a été refusé : l'entraînement n'a rien laissé"
    found = saying_in(f"2 findings, such as: Photo {'a' * 32} is in no shard.")
    assert found is not None
    assert found.facts == {"count": "2", "first": f"Photo {'a' * 32} is in no shard."}
    assert found.fr == f"2 anomalies, par exemple : La photo {'a' * 32} n'est dans aucun paquet."


@pytest.mark.parametrize("code", sorted(sayings._SENTENCES))
def test_what_is_told_in_english_is_read_back_as_the_same_and_french_says_no_less(code: str) -> None:
    english = sayings._SENTENCES[code][0]
    places = sayings._PLACE.findall(english)
    facts = {name: str(100 + at) if number else f"<{name}>" for at, (name, number) in enumerate(places)}
    said = Saying(code, facts)
    assert saying_in(said.en) == said
    assert said.fr != said.en
    assert all(fact in said.fr for fact in facts.values())
