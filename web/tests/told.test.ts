/** Everything the service says in words of its own has words on the page: read out of what the service is made of. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf, lineOf, noteOf, resultOf, sayingOf, speciesOf } from "../src/admin/jobs/told";
import { actionOf, factsOf, speciesOf as speciesOfEntry, subjectOf } from "../src/admin/people/trail";
import { en } from "../src/admin/words/en";
import { fr } from "../src/admin/words/fr";
import { language } from "../src/i18n";

const ROOT = join(import.meta.dirname, "..", "..");
const CORE = "layers/core/python/avocet";
const source = (path: string): string => readFileSync(join(ROOT, path), "utf-8");
const folder = (path: string): string =>
  readdirSync(join(ROOT, path))
    .filter((name) => name.endsWith(".py"))
    .map((name) => source(join(path, name)))
    .join("\n");
const openapi = JSON.parse(source("docs/openapi.json")) as { components: { schemas: Record<string, { enum?: string[] }> } };
const allOf = (shape: string): string[] => openapi.components.schemas[shape]?.enum ?? [];
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
const id = (speciesId: string): string => speciesId;

describe.each([
  ["English", en],
  ["French", fr],
])("in %s", (_, t) => {
  it("every action of the audit trail has words, and one that came later is shown as it is", () => {
    expect(allOf("AuditAction").length).toBeGreaterThan(10);
    for (const action of allOf("AuditAction")) expect(t.people.actions, action).toHaveProperty(action);
    expect(actionOf({ action: "merge_birds", facts: {} }, t)).toBe("merge birds");
    expect(actionOf({ action: "role", facts: { role: "reviewer" } }, t)).toContain(t.people.roles.reviewer);
  });

  it("every action of the audit trail is about something, and all that belongs to one has words", () => {
    for (const action of allOf("AuditAction")) expect(subjectOf({ action }), action).not.toBe("other");
    expect(subjectOf({ action: "merge_birds" })).toBe("other");
    const known = Object.keys(t.people.trailFacts);
    const facts = ["review_photos", "tend_dead_letters"].flatMap((name) => found(source(`${CORE}/usecases/${name}.py`).split("facts = {")[1]?.split("}")[0] ?? "", /"(\w+)":/g));
    expect(facts).toContain("counts_as");
    for (const fact of facts) expect(known, fact).toContain(fact);
    expect(factsOf({ facts: { said: "unknown", counts_as: "rejected", reason: "spot-check", role: "admin", about: "", version: "head-2" } }, t)).toEqual([
      { name: t.people.trailFacts.said, isSpecies: false, value: t.people.saidNothing },
      { name: t.people.trailFacts.counts_as, isSpecies: false, value: t.people.trust.wasRejected },
      { name: t.people.trailFacts.reason, isSpecies: false, value: t.review.reasons["spot-check"] },
      { name: "version", isSpecies: false, value: "head-2" },
    ]);
    expect(factsOf({ facts: { said: "smew" } }, t)).toEqual([{ name: t.people.trailFacts.said, isSpecies: true, value: "smew" }]);
    expect(speciesOfEntry({ facts: { said: "smew", counts_as: "gadwall" } })).toBe("gadwall");
    expect(speciesOfEntry({ facts: { said: "unknown", counts_as: "" } })).toBeNull();
  });

  it("every kind and state of a job has words", () => {
    for (const kind of allOf("JobKind")) expect(t.jobs.kinds).toHaveProperty(kind);
    for (const state of allOf("JobState")) expect(t.jobs.states).toHaveProperty(state);
  });

  it("every kind of step on a learning curve has words, and whatever a head was fitted with", () => {
    const { curve } = t.models;
    const kinds = allOf("CurveKind");
    expect(kinds).toContain("epochs");
    for (const kind of kinds) for (const said of [curve.parts, curve.texts, curve.step]) expect(said).toHaveProperty(kind);
    const phases = allOf("Phase");
    expect(phases).toContain("every-layer");
    for (const phase of phases) expect(curve.phases).toHaveProperty(phase);
    const settings = found((source("training_job/refit.py").split("class Choice:")[1] ?? "").split("class ")[0] ?? "", /^ {4}(\w+): float$/gm);
    expect(settings).toContain("rarity_power");
    for (const name of settings) expect(curve.settings).toHaveProperty(name);
  });

  it("every change of the champion has words", () => {
    const changes = allOf("Change");
    expect(changes).toContain("rolled_back");
    for (const change of changes) expect(t.models.changes).toHaveProperty(change);
  });

  it("whatever a job says it is doing has words, and what came later is shown as it is", () => {
    const notes = [
      ...found(folder(`${CORE}/usecases`), /\bbeat\([^"()]*(?:\([^()]*\)[^"()]*)*"([^"]+)"/g),
      ...found(source("training_job/head_recipe.py") + source("training_job/full_recipe.py"), /\.reached\((?:[^"()]|\([^()]*(?:\([^()]*\))*\))*[^f]"([^"]+)"/g),
      ...found(source(`${CORE}/adapters/sagemaker_training.py`).split("_ENDINGS")[0] ?? "", /^ {4}"\w+": "([^"]+)",$/gm),
      ...found(source("local/training_worker.py"), /\bnote(?:: str)? = "([^"]+)"/g),
      ...found(source(`${CORE}/domain/jobs.py`), /note="([^"]+)"/g),
    ];
    for (const known of ["cleaning photos", "embedding photos", "keeping the model", "starting", "scoring photos", "exported"]) expect(notes).toContain(known);
    for (const note of notes) expect(Object.keys(t.jobs.notes), note).toContain(note);
    expect(noteOf("epoch 3 and a half", t)).toBe("epoch 3 and a half");
    expect(noteOf("epoch 3/12 (every-layer): loss 0.512, 41 images/s, 3 min left at most", t)).toBe(t.jobs.epoch("3", "12", t.models.curve.phases["every-layer"], "0.512", "41", "3 min"));
    expect(noteOf("head-2 is written", t)).toBe(t.jobs.written("head-2"));
  });

  it("whatever a training writes into its log has words, and what came later is shown as it is", () => {
    const written = ["job", "head_recipe", "full_recipe"].flatMap((name) => found(source(`training_job/${name}.py`), /\breport\.say\(\s*((?:f?"[^"]*"\s*)+)/g));
    const lines = written.map((text) =>
      found(text, /"([^"]*)"/g)
        .join("")
        .replaceAll("{'GPU' if has_gpu else 'CPU'}", "CPU")
        .replaceAll("{photos_by_split}", "{'train': 20, 'test': 5}")
        .replaceAll("{choice}", "Choice(known_penalty=1.0, new_penalty=0.1, rarity_power=0.5)")
        .replaceAll(/\{[^{}']+\}/g, "7"),
    );
    expect(lines).toContain("starting TensorFlow");
    expect(lines.length).toBeGreaterThan(9);
    // What is put together of pieces.
    lines[lines.indexOf("with a head fitted alike: ")] = "with a head fitted alike: 0.912 right 50% of the way; 50% of the way it is";
    for (const line of lines) expect(lineOf(line, t), line).not.toBe(line);
    expect(lineOf("[progress] 16/64 embedding photos", t)).toBe(t.jobs.lines.progress("16", "64", t.jobs.notes["embedding photos"]));
    expect(lineOf("[metric] validation_accuracy=0.91 3", t)).toBe(t.jobs.lines.measured(t.models.figures.validation_accuracy, "0.91"));
    expect(lineOf("12 photos of 2 species ({'train': 8, 'test': 2}); 1 species are new to starter-1", t)).toContain(`${t.models.splits.train}: 8, ${t.models.splits.test}: 2`);
    expect(lineOf("Traceback (most recent call last):", t)).toBe("Traceback (most recent call last):");
  });

  it("every part of a refresh's, a training's and a check's result has words", () => {
    const returned = (path: string, from: string, to: string): string => source(path).split(from)[1]?.split(to)[0] ?? "";
    const parts = [
      returned(`${CORE}/usecases/refresh.py`, "def _in_words", "\n    }\n"),
      returned(`${CORE}/usecases/finish_training.py`, "result = {", "}"),
      returned(`${CORE}/domain/evaluation.py`, "def summary", "}"),
      returned(`${CORE}/usecases/evaluate.py`, "def to_values", "@classmethod"),
      returned("functions/check_drift/handler.py", "result = {", "}"),
      returned("functions/verify_dataset/handler.py", "def handler", "\n\n\n"),
    ].flatMap((text) => found(text, /"(\w+)":/g));
    for (const known of ["newly_trainable", "test_accuracy", "macro_f1", "split", "new_photos", "findings"]) expect(parts).toContain(known);
    for (const part of parts) if (!["result", "summary_fr"].includes(part)) expect(t.jobs.results, part).toHaveProperty(part);
  });

  it("every finding of a drift check has words", () => {
    const states = found(source(`${CORE}/domain/drift.py`).split("class DriftState")[1]?.split("\n\n\n")[0] ?? "", /= "(\w+)"/g);
    expect(states).toContain("improving");
    for (const state of states) expect(t.jobs.findings).toHaveProperty(state);
  });
});

describe("why a job failed", () => {
  const failure = { code: "no-output", facts: {}, en: "the training left no output", fr: "l'entraînement n'a rien laissé : rien" };

  it("is told in the page's language, set as that language is", () => {
    expect(failureOf({ reason: failure.en, failure }, "en", en, null)).toBe("The training left no output");
    expect(failureOf({ reason: failure.en, failure }, "fr", fr, null)).toBe("L’entraînement n’a rien laissé\u00a0: rien");
    expect(failureOf({ reason: null, failure: null }, "fr", fr, null)).toBeNull();
  });

  it("is given as it was written where nobody knows it, and said to be in English", () => {
    expect(failureOf({ reason: "The moon was full.", failure: null }, "fr", fr, null)).toBe(fr.jobs.asWritten("The moon was full."));
    const later = { code: "eclipse", facts: {}, en: null, fr: null };
    expect(failureOf({ reason: "The moon was full.", failure: later }, "fr", fr, null)).toBe(fr.jobs.asWritten("The moon was full."));
  });

  it("quotes AWS letter by letter behind a sentence of the language", () => {
    const detail = "ClientError: An error occurred (AccessDenied) when calling the GetObject operation: User: 'x' is not authorized";
    const failure = { code: "service-denied", facts: { detail }, en: `not allowed. AWS says: ${detail}`, fr: `ce n'est pas permis. AWS dit, en anglais : ${detail}` };
    expect(failureOf({ reason: detail, failure }, "fr", fr, null)).toBe(`Ce n’est pas permis. AWS dit, en anglais\u00a0: ${detail}`);
    expect(failureOf({ reason: detail, failure }, "en", en, null)).toBe(`Not allowed. AWS says: ${detail}`);
  });

  it("says who cancelled it, and that it was you", () => {
    const cancelled = { code: "cancelled", facts: { who: "a-b" }, en: "cancelled by a-b", fr: "annulée par a-b" };
    expect(failureOf({ reason: cancelled.en, failure: cancelled }, "fr", fr, "a-b")).toBe(fr.jobs.cancelledBy.you);
    expect(failureOf({ reason: cancelled.en, failure: cancelled }, "en", en, null)).toContain("a-b");
  });
});

describe("why a job was asked for", () => {
  it("names species as the page does, and gives what it does not know as it was written", () => {
    const complete = { code: "species-complete", facts: { species: "smew, gadwall, ..." }, en: "", fr: "" };
    expect(sayingOf(complete, "fr", fr, (one) => one.toUpperCase(), null)).toBe(fr.jobs.learnable("SMEW, GADWALL, …"));
    expect(sayingOf({ code: null, facts: { text: "because" }, en: null, fr: null }, "fr", fr, id, null)).toBe(fr.jobs.asWritten("because"));
  });
});

describe("what came of a job", () => {
  it("is told in the page's language, species by their names", () => {
    const result = { state: "drifting", summary: "It drifts.", summary_fr: "Il dérive.", new_species: "mallard, gadwall, ...", later: "x", empty: "" };
    expect(resultOf(result, en, "en", (one) => one.toUpperCase())).toEqual([
      ["Finding", "drifting"],
      ["In a sentence", "It drifts."],
      ["Which", "MALLARD, GADWALL, …"],
      ["later", "x"],
    ]);
    expect(resultOf(result, fr, "fr", id)[1]).toEqual(["En une phrase", "Il dérive."]);
    expect(speciesOf("")).toEqual([]);
  });

  it("writes shares as the page's language does", () => {
    expect(resultOf({ later: "90.4 %", other: "at 5 % of them" }, en, "en", id)).toEqual([
      ["later", "90.4%"],
      ["other", "at 5 % of them"],
    ]);
    language.value = "fr";
    expect(resultOf({ later: "90.4 %" }, fr, "fr", id)[0]?.[1]).toMatch(/^90,4\s%$/);
    language.value = "en";
  });

  it("says of Kaggle what the page says of it, and the service's own sentence only of what came later", () => {
    expect(resultOf({ status: "denied", says: "Kaggle said no." }, fr, "fr", id)).toEqual([["Chez Kaggle", "Kaggle refuse l’accès enregistré."]]);
    expect(resultOf({ status: "on-holiday", says: "Kaggle rests." }, fr, "fr", id)).toEqual([
      ["Chez Kaggle", "on-holiday"],
      ["says", "Kaggle rests."],
    ]);
  });
});
