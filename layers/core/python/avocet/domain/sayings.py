"""What jobs say of themselves, in English and in French: why one was asked for, and why one failed. Pure; it refuses nothing.

Reasons travel as plain English sentences, since a state machine, SageMaker and a file beside a training carry nothing else.
Each that people may read is known here by a code, with what is particular about an occurrence as its facts; so it is kept
with both and can be told in either language. A sentence that is not known here stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

# By code: the sentence as whatever raises it writes it, and in French. A number is {so:n}.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    # Why a job was asked for.
    "new-contributions": (
        "{given:n} contributions are new; {needed:n} are worth a refresh of {photos:n} photos",
        "{given} contributions sont nouvelles ; {needed} suffisent pour mettre à jour {photos} photos",
    ),
    "species-complete": (
        "enough photos to learn a new species: {species}",
        "assez de photos pour apprendre une nouvelle espèce : {species}",
    ),
    "unnamed-waiting": (
        "{photos:n} photos that nobody could name wait to be shown to reviewers",
        "{photos} photos que personne n'a su nommer attendent d'être montrées aux relecteurs",
    ),
    "set-grew": (
        "version {version:n} of the set brought {photos:n} new photos",
        "la version {version} de la collection a apporté {photos} nouvelles photos",
    ),
    "pause-over": (
        "the pause that the host asked for is over",
        "la pause demandée par l'hébergeur est terminée",
    ),
    # How a job ended without its own doing.
    "cancelled": ("cancelled by {who}", "annulée par {who}"),
    "broke-off": (
        "its work broke off, the last of {times:n} times",
        "son travail s'est interrompu, la dernière fois sur {times}",
    ),
    "fell-silent": (
        "its worker fell silent, the last of {times:n} times",
        "plus de nouvelles de qui y travaillait, la dernière fois sur {times}",
    ),
    # Why a training could not begin, or ended.
    "no-snapshot": (
        "The dataset has no snapshot yet; add photos, then start a refresh.",
        "Le jeu de données n'a pas encore d'instantané ; ajoutez des photos, puis lancez une mise à jour.",
    ),
    "too-few-species": (
        "The snapshot has {species:n} trainable species, and a model needs two to tell apart; add photos of another "
        "species, then start a refresh.",
        "L'instantané compte {species} espèce(s) apprenable(s), et un modèle a besoin d'en distinguer deux ; ajoutez des "
        "photos d'une autre espèce, puis lancez une mise à jour.",
    ),
    "no-champion": (
        "There is no champion to start from; publish a model first.",
        "Il n'y a pas de champion dont partir ; publiez d'abord un modèle.",
    ),
    "champion-incomplete": ("the champion's {file} is missing", "le fichier {file} du champion manque"),
    "foreign-champion": (
        "the champion's graph has no embedding, so that no head can be put on it",
        "le graphe du champion ne dit pas ce qu'il voit : aucune tête ne peut y être posée",
    ),
    "unknown-recipe": ("Recipes here: {recipes}.", "Recettes possibles ici : {recipes}."),
    "unknown-backbone": ("Backbones: {backbones}.", "Réseaux possibles : {backbones}."),
    "wrong-epochs": (
        "epochs must be a whole number from 1 to {most:n}.",
        "Le nombre d'époques (epochs) doit être un entier de 1 à {most}.",
    ),
    "backbone-not-taken": (
        "Only the full recipe takes a backbone; the head recipe keeps the champion's.",
        "Seule la recette « full » prend un réseau (backbone) ; la recette « head » garde celui du champion.",
    ),
    "no-machine": (
        "This deployment has no machine for the recipe {recipe}.",
        "Ce déploiement n'a pas de machine pour la recette {recipe}.",
    ),
    "quota": (
        "The account's quota does not allow another {machine} for training; ask for more under Service Quotas, SageMaker, "
        "or set another instance type. SageMaker says: {detail}",
        "Le quota du compte ne permet pas une autre machine {machine} pour l'entraînement ; demandez-en davantage sous "
        "« Service Quotas », SageMaker, ou choisissez un autre type de machine. SageMaker dit, en anglais : {detail}",
    ),
    "request-refused": (
        "SageMaker refuses the request; if it is the image {image}, set a tag that is still there and deploy. It says: "
        "{detail}",
        "SageMaker refuse la demande ; si c'est à cause de l'image {image}, choisissez une version qui existe encore et "
        "déployez. SageMaker dit, en anglais : {detail}",
    ),
    "no-spot-machine": (
        "no spot machine was free for long enough within the time it may wait; try again later, or set the recipe to another "
        "instance type or to on demand",
        "aucune machine « spot » n'a été libre assez longtemps dans le temps d'attente permis ; réessayez plus tard, ou "
        "réglez la recette sur un autre type de machine ou « à la demande »",
    ),
    "cost-cap": (
        "it took longer than it may cost and was stopped; raise the cap of its recipe, or train fewer epochs",
        "il a duré plus que son coût permis et a été arrêté ; relevez le plafond de sa recette, ou entraînez moins d'époques",
    ),
    "took-too-long": (
        "it took longer than {seconds:n} s and was stopped",
        "il a duré plus de {seconds} s et a été arrêté",
    ),
    "stopped": ("somebody stopped it", "quelqu'un l'a arrêté"),
    "diverged": (
        "the loss is {loss} in epoch {epoch:n}, step {step:n} of {steps:n}, at a learning rate of {rate}: lower the learning "
        "rate, or look at the photos of this snapshot",
        "la perte vaut {loss} à l'époque {epoch}, pas {step} sur {steps}, pour un taux d'apprentissage de {rate} : baissez "
        "ce taux, ou regardez les photos de cet instantané",
    ),
    "disk-full": (
        "the disk is full: {size} GB are needed for {photos:n} decoded photos; give the recipe a larger volume, or free some "
        "space",
        "le disque est plein : il faut {size} Go pour {photos} photos décodées ; donnez un plus grand volume à la recette, "
        "ou libérez de la place",
    ),
    "no-room-for-checkpoint": (
        "the disk is full: the checkpoint does not fit into {folder}",
        "le disque est plein : le point de reprise ne tient pas dans {folder}",
    ),
    "no-pretrained-weights": (
        "there are no ImageNet weights for {network}: neither {key} in the models bucket nor {file} in the folder that "
        "{variable} names, and the download failed; put a Keras weights file without top in one of them",
        "les poids ImageNet de {network} sont introuvables : ni {key} dans le compartiment des modèles, ni {file} dans le "
        "dossier que nomme {variable}, et le téléchargement a échoué ; mettez-y un fichier de poids Keras sans sommet",
    ),
    "foreign-weights": (
        "{file} does not hold the weights of this network: {detail}",
        "{file} ne contient pas les poids de ce réseau : {detail}",
    ),
    "not-installed": (
        "TensorFlow could not be installed: {detail}",
        "TensorFlow n'a pas pu être installé : {detail}",
    ),
    "process-killed": (
        "the training was killed by {signal}; its last words: {line}",
        "l'entraînement a été tué par {signal} ; ses derniers mots : {line}",
    ),
    "process-failed": (
        "the training ended with exit code {exit_code:n}; its last words: {line}",
        "l'entraînement s'est arrêté avec le code {exit_code} ; ses derniers mots : {line}",
    ),
    "script-failed": (
        "the training's program failed. SageMaker says: {detail}",
        "le programme d'entraînement a échoué. SageMaker dit, en anglais : {detail}",
    ),
    "ended-as": ("the training ended as {state}", "l'entraînement s'est terminé ainsi : {state}"),
    # Why its model was not taken.
    "model-refused": ("the new model was refused: {why}", "le nouveau modèle a été refusé : {why}"),
    "no-output": ("the training left no output", "l'entraînement n'a rien laissé"),
    "output-too-large": (
        "the training's output is larger than {bytes:n} bytes",
        "ce que l'entraînement a laissé dépasse {bytes} octets",
    ),
    "output-unreadable": (
        "the training's output cannot be unpacked",
        "ce que l'entraînement a laissé ne peut pas être déballé",
    ),
    "origin-unknown": (
        "the training does not say what it was trained on",
        "l'entraînement ne dit pas sur quoi il a appris",
    ),
    "photos-unanswered": (
        "{file} says nothing of {photos:n} photos",
        "{file} ne dit rien de {photos} photos",
    ),
    "answers-differ": (
        "probabilities differ by {difference}, more than {most}",
        "les probabilités diffèrent de {difference}, plus que {most}",
    ),
    "species-differ": (
        "{photos:n} photos change their likeliest species",
        "{photos} photos changent d'espèce la plus probable",
    ),
    "misses-self-test": (
        "the model misses its self-test by {difference}",
        "le modèle manque son propre essai de {difference}",
    ),
    "broken-bundle": (
        "the bundle is damaged or foreign: {detail}",
        "les fichiers du modèle sont abîmés ou étrangers : {detail}",
    ),
    # Why an evaluation or a check could not be made.
    "unknown-split": ("Splits are {splits}.", "Les parts possibles sont {splits}."),
    "no-such-model": (
        "Name a model version; avocet models list shows them.",
        "Nommez la version d'un modèle ; la page des modèles et `avocet models list` les montrent.",
    ),
    "no-such-snapshot": ("There is no snapshot {snapshot}.", "Il n'y a pas d'instantané {snapshot}."),
    "not-all-scored": (
        "{photos:n} photos have not been scored, such as {first}; start the evaluation again.",
        "{photos} photos n'ont pas reçu de réponse, comme {first} ; relancez l'évaluation.",
    ),
    # What a check of the dataset finds.
    "findings": (
        "{count:n} findings, such as: {first}",
        "{count} anomalies, par exemple : {first}",
    ),
    "photos-in-no-shard": (
        "{photos:n} photos of the snapshot are in none of its shards.",
        "{photos} photos de l'instantané ne sont dans aucun de ses paquets.",
    ),
    "shard-missing": ("The shard {shard} is missing.", "Le paquet {shard} manque."),
    "stray-shard": ("The shard {shard} belongs to nothing.", "Le paquet {shard} n'appartient à rien."),
    "rows-missing": (
        "The rows of snapshot {snapshot} are missing.",
        "Les lignes de l'instantané {snapshot} manquent.",
    ),
    "rows-changed": (
        "The rows of snapshot {snapshot} were changed.",
        "Les lignes de l'instantané {snapshot} ont été modifiées.",
    ),
    "wrong-fold": (
        "The fold beside {snapshot} is not what its deltas make.",
        "Le résumé à côté de {snapshot} n'est pas ce que donnent ses étapes.",
    ),
    "wrong-current": (
        "The name of the current snapshot in the bucket is not the head's.",
        "L'instantané nommé comme actuel dans le compartiment n'est pas celui du registre.",
    ),
    "photo-twice": ("Photo {photo} lies in two shards.", "La photo {photo} est dans deux paquets."),
    "photo-in-wrong-split": (
        "Photo {photo} of {split} lies in a shard of {other}.",
        "La photo {photo}, de la part {split}, est dans un paquet de la part {other}.",
    ),
    "photo-changed": (
        "Photo {photo} in {shard} is not what the snapshot says.",
        "La photo {photo} dans {shard} n'est pas celle dont parle l'instantané.",
    ),
    "photo-in-no-shard": ("Photo {photo} is in no shard.", "La photo {photo} n'est dans aucun paquet."),
    "photo-not-erased": (
        "Photo {photo} was erased and lies in {shard}.",
        "La photo {photo} a été effacée et se trouve dans {shard}.",
    ),
    "photo-not-indexed": (
        "Photo {photo} is not in the duplicate index.",
        "La photo {photo} n'est pas dans l'index des doublons.",
    ),
    "photo-without-record": ("Photo {photo} has no record.", "La photo {photo} n'a pas de fiche."),
    "record-differs": (
        "The record of photo {photo} says {split}, {species}.",
        "La fiche de la photo {photo} dit {split}, {species}.",
    ),
    "split-changed": ("Photo {photo} changed its split.", "La photo {photo} a changé de part."),
    "wrong-counts": (
        "The counts in the manifest are not its rows'.",
        "Les nombres annoncés par l'instantané ne sont pas ceux de ses lignes.",
    ),
    "species-lost": (
        "The species {species} was trainable and is no more.",
        "L'espèce {species} était apprenable et ne l'est plus.",
    ),
    "twins-divided": (
        "Near-duplicates {photo} and {other} lie in two splits.",
        "Les quasi-doublons {photo} et {other} sont dans deux parts.",
    ),
    "group-divided": (
        "The duplicate group {group} lies in {splits:n} splits.",
        "Le groupe de doublons {group} est réparti sur {splits} parts.",
    ),
    "dataset-damaged": (
        "the dataset is damaged: {detail}",
        "le jeu de données est abîmé : {detail}",
    ),
    # What the set's host said.
    "kaggle-status": ("Kaggle answered {status:n}", "Kaggle a répondu {status}"),
    "kaggle-silent": ("Kaggle did not answer: {detail}", "Kaggle n'a pas répondu : {detail}"),
    "no-secret": ("there is no secret {secret}", "le secret {secret} n'existe pas"),
    "unreadable-secret": (
        "the secret {secret} is no JSON object",
        "le secret {secret} n'est pas un objet JSON",
    ),
    "incomplete-secret": (
        "the secret {secret} needs username and key, or token",
        "le secret {secret} doit contenir « username » et « key », ou « token »",
    ),
    # Faults of a machine, of a service or of the software; the words of each are English, and said to be whose they are.
    "out-of-time": (
        "a step took longer than it may. AWS says: {detail}",
        "une étape a duré plus longtemps que permis. AWS dit, en anglais : {detail}",
    ),
    "out-of-memory": (
        "a step needed more memory than it has. Its machine says: {detail}",
        "une étape avait besoin de plus de mémoire qu'elle n'en a. Sa machine dit, en anglais : {detail}",
    ),
    "service-throttled": (
        "a service of AWS was asked for too much at once; start the job again a little later. AWS says: {detail}",
        "un service d'AWS a reçu trop de demandes à la fois ; relancez la tâche un peu plus tard. AWS dit, en anglais : "
        "{detail}",
    ),
    "service-denied": (
        "a service of AWS does not allow what it was asked for: a permission is missing, or a rule forbids it. AWS says: "
        "{detail}",
        "un service d'AWS ne permet pas ce qui lui était demandé : une autorisation manque, ou une règle l'interdit. AWS dit, "
        "en anglais : {detail}",
    ),
    "no-capacity": (
        "AWS has no machine of this type free at the moment; start the training again later, or set the recipe to another "
        "instance type. AWS says: {detail}",
        "AWS n'a pas de machine de ce type libre en ce moment ; relancez l'entraînement plus tard, ou réglez la recette sur un "
        "autre type de machine. AWS dit, en anglais : {detail}",
    ),
    "service-fault": (
        "a service of AWS broke down by itself; start the job again. AWS says: {detail}",
        "un service d'AWS est tombé en panne de lui-même ; relancez la tâche. AWS dit, en anglais : {detail}",
    ),
    "service-silent": (
        "a service of AWS could not be reached; start the job again. The connection's words: {detail}",
        "un service d'AWS n'a pas pu être joint ; relancez la tâche. La connexion dit, en anglais : {detail}",
    ),
    "service-refused": (
        "a service of AWS did not do what it was asked for. AWS says: {detail}",
        "un service d'AWS n'a pas fait ce qui lui était demandé. AWS dit, en anglais : {detail}",
    ),
    "fault": (
        "a fault of the software, which its makers should hear of. Its words: {detail}",
        "une faute du logiciel, à signaler à qui le développe. Il dit, en anglais : {detail}",
    ),
}

# Sentences that say the same as one above, in other words.
_ALSO: Sequence[tuple[str, str]] = (
    ("no-snapshot", "The dataset has no snapshot yet; a refresh makes the first."),
    (
        "too-few-species",
        "the snapshot has {species:n} trainable species, and a model needs two to tell apart; add photos and refresh",
    ),
    ("no-champion", "No model is ready. Try again in a minute."),
    ("unknown-recipe", "this job knows the recipes {recipes}, not '{wanted}'"),
    ("stopped", "somebody cancelled it"),
)

# What is not a sentence of ours, or is for whoever mends it: the whole of it is a detail.
_DETAILS: Sequence[tuple[str, str]] = (
    ("out-of-time", r"(?:States|Sandbox|Lambda)\.Time(?:d)?out\b.*|.*\bTask timed out after\b.*"),
    ("out-of-memory", r".*\bsignal: killed\b.*|Runtime\.OutOfMemory\b.*|MemoryError\b.*"),
    ("script-failed", r"AlgorithmError: .*"),
    ("no-capacity", r"CapacityError: .*|.*\bInsufficientInstanceCapacity\b.*"),
    (
        "service-throttled",
        r"An error occurred \((?:Throttl\w+|RequestThrottled\w*|RequestLimitExceeded|TooManyRequests\w*|SlowDown"
        r"|ProvisionedThroughputExceeded\w*|BandwidthLimitExceeded)\) when calling the .*"
        r"|(?:Lambda\.)?(?:TooManyRequests|Throttl|ProvisionedThroughputExceeded)\w*: .*",
    ),
    (
        "service-denied",
        r"An error occurred \((?:AccessDenied\w*|Unauthorized\w*|NotAuthorized\w*|AuthorizationError\w*|Forbidden|403)\) when "
        r"calling the .*|.*\bis not authorized to perform\b.*|AccessDenied\w*: .*",
    ),
    (
        "service-fault",
        r"An error occurred \((?:Internal\w*|ServiceUnavailable\w*|500|503)\) when calling the .*"
        r"|InternalServer(?:Error|Exception): .*|Lambda\.(?:Service|SdkClient)Exception: .*",
    ),
    ("service-silent", r"(?:BotoCoreError|\w*(?:Connect|Connection|Timeout)Error): .*"),
    ("service-refused", r"An error occurred \(\w+\) when calling the .*|ClientError: .*"),
    (
        "broken-bundle",
        r"(?:BrokenBundleError: )?(?:bundle\.json .*|\S+ is not the file that the bundle was made with|\S+ cannot be (?:opened|read): .*"
        r"|the model cannot score its own self-test: .*|the model's answers to its self-test have another shape"
        r"|the model has another number of outputs than species|the bundle calls itself .*|the graph has .* inputs, not one"
        r"|the graph's outputs are .*|[\w./-]+ is missing)",
    ),
    ("broken-bundle", r"BrokenBundleError: .*"),
    (
        "dataset-damaged",
        r"CorruptSnapshotError: .*|Snapshot \S+ lies under another's name\.|(?:\S+: )?(?:A line of the delta is not a row|The fold cannot be read"
        r"|The manifest (?:has schema .*|cannot be read)|The rows cannot be unpacked|Row \S+ does not fit photo \S+"
        r"|Photo \S+ changes its split|A shard (?:holds something that is not a photo|cannot be read))\.",
    ),
    ("fault", r"\w+(?:\.\w+)*(?:Error|Exception|Failed|Exit)(?:: .*)?"),
)

_SAYINGS_THEMSELVES = frozenset({"why", "first"})
_PLACE = re.compile(r"\{(\w+)(:n)?\}")
# What a state machine puts before the words of a step that failed.
_ERROR_NAME = re.compile(r"\w+(?:\.\w+)*: (?P<said>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Saying:
    """One sentence, apart from any language.

    Attributes:
        code: What is said; of a later version it may be a word that this one does not know.
        facts: What is particular about this occurrence.
    """

    code: str
    facts: Mapping[str, str]

    @property
    def en(self) -> str:
        """The sentence in English; empty where this version has none for it."""
        return self._told(0)

    @property
    def fr(self) -> str:
        """The sentence in French; empty where this version has none for it."""
        return self._told(1)

    def _told(self, language: int) -> str:
        if self.code not in _SENTENCES:
            return ""
        sentence = _PLACE.sub(r"{\1}", _SENTENCES[self.code][language])
        try:
            return sentence.format_map({name: _inner(name, fact, language) for name, fact in self.facts.items()})
        except KeyError:
            # Kept by a version that knew other facts of it.
            return ""


def saying_in(text: str) -> Saying | None:
    """Return what a sentence says; None where it is not known here."""
    named = _ERROR_NAME.fullmatch(text)
    told = (text, named["said"]) if named else (text,)
    for each in told:
        for code, pattern in _patterns():
            if found := pattern.fullmatch(each):
                return Saying(code, found.groupdict())
    for code, pattern in _details():
        if any(pattern.fullmatch(each) for each in told):
            return Saying(code, {"detail": text})
    return None


def sayings_in(text: str) -> tuple[Saying, ...]:
    """Return what sentences say that are joined by semicolons; one that is not known here is a fact of no code."""
    said: list[Saying] = []
    left = text.split("; ") if text else []
    while left:
        # A sentence may have a semicolon in it: the longest that is known comes first.
        for size in range(len(left), 0, -1):
            if (saying := saying_in("; ".join(left[:size]))) is not None:
                break
        else:
            size, saying = 1, Saying("", {"text": left[0]})
        said.append(saying)
        del left[:size]
    return tuple(said)


def in_french(text: str) -> str:
    """Return sentences, joined by semicolons, in French; what is not known here stays as it is."""
    return " ; ".join(each.fr or each.facts["text"] for each in sayings_in(text))


def _inner(name: str, fact: str, language: int) -> str:
    """Return a fact; one that is itself a sentence is told in the language too."""
    inner = saying_in(fact) if name in _SAYINGS_THEMSELVES else None
    return (inner.en, inner.fr)[language] or fact if inner else fact


@cache
def _patterns() -> Sequence[tuple[str, re.Pattern[str]]]:
    spoken = [(code, english) for code, (english, _) in _SENTENCES.items()]
    return tuple((code, _pattern(sentence)) for code, sentence in (*spoken, *_ALSO))


@cache
def _details() -> Sequence[tuple[str, re.Pattern[str]]]:
    return tuple((code, re.compile(pattern, re.DOTALL)) for code, pattern in _DETAILS)


def _pattern(sentence: str) -> re.Pattern[str]:
    """Return what matches a sentence, with whatever may stand in its places."""
    parts: list[str] = []
    end = 0
    for place in _PLACE.finditer(sentence):
        parts += [re.escape(sentence[end : place.start()]), f"(?P<{place[1]}>{'-?[0-9]+' if place[2] else '.+?'})"]
        end = place.end()
    return re.compile("".join([*parts, re.escape(sentence[end:])]), re.DOTALL)
