/** What the service says of a job in its own words, put into people's. What has no words here is shown as it is. Pure. */
import { share } from "../../numbers/figures";
import type { Job, JobSaying } from "../types";
import type { AdminWords } from "../words/en";

/** What a job is doing. */
export function noteOf(note: string, t: AdminWords): string {
  const known = own(t.jobs.notes, note);
  if (known !== undefined) return known;
  const epoch = /^epoch (\d+)\/(\d+) \(([^)]+)\): loss (\S+), (\d+) images\/s, (.+) left at most$/.exec(note);
  if (epoch !== null) {
    const [, at = "", of = "", stage = "", loss = "", speed = "", left = ""] = epoch;
    return t.jobs.epoch(at, of, own(t.models.curve.phases, stage) ?? stage, loss, speed, left);
  }
  const written = /^(\S+) is written$/.exec(note);
  return written === null ? note : t.jobs.written(written[1] ?? "");
}

/** A sentence of the service in the page's language; what it has no words for is given as it was written, and said to be. */
export function sayingOf(saying: JobSaying, language: "en" | "fr", t: AdminWords, nameOf: (speciesId: string) => string, myId: string | null): string {
  const { code, facts } = saying;
  if (code === "species-complete" && facts.species !== undefined) return t.jobs.learnable(namesOf(facts.species, nameOf));
  if (code === "cancelled" && facts.who !== undefined) return facts.who === myId ? t.jobs.cancelledBy.you : t.jobs.cancelledBy.somebody(facts.who);
  const told = saying[language];
  if (told === null) return t.jobs.asWritten(facts.text ?? saying.en ?? "");
  // What a service of AWS or a program said is quoted: it is English, and is looked for elsewhere letter by letter.
  const quoted = facts.detail ?? facts.line ?? "";
  return quoted !== "" && told.endsWith(quoted) ? typeset(told.slice(0, -quoted.length), language) + quoted : typeset(told, language);
}

/** Why a job failed or was cancelled; null where it did not. */
export function failureOf(job: Pick<Job, "reason" | "failure">, language: "en" | "fr", t: AdminWords, myId: string | null): string | null {
  if (job.reason === null) return null;
  const { failure } = job;
  if (failure == null || (failure[language] === null && failure.code !== "cancelled")) return t.jobs.asWritten(job.reason);
  const told = sayingOf(failure, language, t, (id) => id, myId);
  return told.charAt(0).toUpperCase() + told.slice(1);
}

/** French has a space before these signs, and no line ends there. */
export function typeset(text: string, language: "en" | "fr"): string {
  return language === "fr" ? text.replaceAll(/ ([?!:;»])/g, "\u00a0$1").replaceAll("« ", "«\u00a0").replaceAll("'", "’") : text;
}

type Line = (t: AdminWords, ...parts: string[]) => string;

/** Lines of a training's log, as its recipes write them. */
const LINES: readonly [RegExp, Line][] = [
  [/^\[progress\] (\d+)\/(\d+) (.*)$/, (t, done, of, note) => t.jobs.lines.progress(done, of, noteOf(note, t))],
  [/^\[metric\] (\w+)=(\S+) \d+$/, (t, name, value) => t.jobs.lines.measured(figureName(name, t), value)],
  [/^recipe (\S+), snapshot (\S+), champion (\S+)$/, (t, recipe, snapshot, champion) => t.jobs.lines.begins(recipe, snapshot, champion)],
  [/^(\d+) photos of (\d+) species \(\{(.*)\}\); (\d+) species are new to (\S+)$/, (t, photos, species, splits, news, champion) => t.jobs.lines.photos(photos, species, splitsOf(splits, t), news, champion)],
  [/^(\d+) photos of (\d+) species; (\S+), (GPU|CPU)$/, (t, photos, species, backbone, machine) => t.jobs.lines.network(photos, species, backbone, machine)],
  [/^(\d+) embeddings of backbone (\S+) are kept from earlier runs$/, (t, n, backbone) => t.jobs.lines.kept(n, backbone)],
  [/^no head of our kind to start from: every species is learnt from the snapshot alone$/, (t) => t.jobs.lines.alone],
  [/^chosen: Choice\(known_penalty=(\S+), new_penalty=(\S+), rarity_power=(\S+)\)$/, (t, known, news, rarity) => t.jobs.lines.chosen(known, news, rarity)],
  [/^refused: (.*)$/, (t, reason) => t.jobs.lines.refused(reason)],
  [/^starting TensorFlow$/, (t) => t.jobs.lines.tensorflow],
  [/^pretrained weights: (.*)$/, (t, source) => t.jobs.lines.weights(source)],
  [/^the graph answers as the network does: (.*)$/, (t, figures) => t.jobs.lines.parity(figures)],
  [/^goes on after epoch (\d+) of (\d+)$/, (t, done, of) => t.jobs.lines.goesOn(done, of)],
  [/^no better validation loss since epoch (\d+): that is enough$/, (t, epoch) => t.jobs.lines.enough(epoch)],
  [/^with a head fitted alike: (.*); (\S+) of the way it is$/, (t, tried, chosen) => t.jobs.lines.averaged(tried, chosen)],
  [/^(.*); another goes on from its last checkpoint$/, (t, reason) => t.jobs.lines.another(reason)],
];

/** A line of a training's log; one that there are no words for is left as it is. */
export function lineOf(line: string, t: AdminWords): string {
  for (const [pattern, told] of LINES) {
    const found = pattern.exec(line);
    if (found !== null) return told(t, ...found.slice(1));
  }
  return line;
}

/** What a training calls its figures, where the page has a name for it. */
function figureName(name: string, t: AdminWords): string {
  return own(t.jobs.results, name) ?? own(t.models.figures, name) ?? name.replaceAll("_", " ");
}

/** `'train': 20, 'validation': 5`, as Python writes it. */
function splitsOf(counts: string, t: AdminWords): string {
  return counts.replaceAll(/'(\w+)': (\d+)/g, (_, split: string, n: string) => `${own(t.models.splits, split) ?? split}: ${n}`);
}

/** What came of a job: names and values, in the order in which the service tells them. */
export function resultOf(result: Job["result"], t: AdminWords, language: "en" | "fr", nameOf: (speciesId: string) => string): [string, string][] {
  return Object.entries(result).flatMap(([key, value]): [string, string][] => {
    // The sentence in the other language, and one that the status says in words of our own.
    if (key === "summary_fr" || (key === "says" && own(t.dataset.sync, result.status ?? "") !== undefined)) return [];
    const name = own(t.jobs.results, key) ?? key.replaceAll("_", " ");
    if (value === "") return [];
    return [[name, valueOf(key, value, result, t, language, nameOf)]];
  });
}

function valueOf(key: string, value: string, result: Job["result"], t: AdminWords, language: "en" | "fr", nameOf: (speciesId: string) => string): string {
  switch (key) {
    case "status":
      return own(t.dataset.sync, value) ?? value;
    case "state":
      return own(t.jobs.findings, value) ?? value;
    case "split":
      return own(t.models.splits, value) ?? value;
    case "summary":
      return language === "fr" ? (result.summary_fr ?? value) : value;
    case "new_species":
      return namesOf(value, nameOf);
    default: {
      // The service writes shares as English does.
      const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(value);
      return percent === null ? value : share(Number(percent[1]) / 100);
    }
  }
}

const ELLIPSIS = "...";

function namesOf(ids: string, nameOf: (speciesId: string) => string): string {
  return speciesOf(ids)
    .map((id) => (id === ELLIPSIS ? "…" : nameOf(id)))
    .join(", ");
}

/** The ids that a result names; the last may stand for more. */
export function speciesOf(value: string): string[] {
  return value.split(", ").filter(Boolean);
}

function own(some: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(some, key) ? some[key] : undefined;
}
