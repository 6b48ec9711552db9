import { afterEach, describe, expect, it } from "vitest";
import { mayReview, isAdmin } from "../src/account/rights";
import { speciesRows } from "../src/admin/dataset/species";
import { gridOf, MOST_ROWS } from "../src/admin/models/matrix";
import { beforeOf } from "../src/admin/models/tenures";
import { MOST_AT_ONCE, nameIn, SpeciesNames } from "../src/admin/names";
import { sectionNamed, sectionsFor } from "../src/admin/place";
import type { SessionState } from "../src/account/session";
import type { Confusion, DriftReport, Tenure } from "../src/admin/types";
import { readInbox } from "../src/admin/watching/letters";
import { sparkline, speciesTrends } from "../src/admin/watching/trends";
import { ServiceError } from "../src/api/errors";
import type { Exchange } from "../src/api/transport";
import { language, type Names } from "../src/i18n";

const as = (...groups: string[]): SessionState => ({ kind: "signed-in", person: { ownerId: "x", email: "x@example.org", groups } });
const names = (en: string) => ({ en, fr: null, scientific: en });

function confusionOf(matrix: Confusion["matrix"], families: Record<string, string>): Confusion {
  const species = Object.entries(families).map(([id, family]) => ({ species_id: id, names: names(id), family: names(family) }));
  return { version: "v", snapshot_id: "a", split: "test", photos: 0, species, matrix, bins: [] };
}

describe("who sees the admin part", () => {
  it("is admins, whom they asked to review, and nobody else", () => {
    expect([as("admin"), as("reviewer"), as(), { kind: "signed-out", wasExpired: false } as const].map(mayReview)).toEqual([true, true, false, false]);
    expect([as("admin"), as("reviewer"), as("user")].map(isAdmin)).toEqual([true, false, false]);
  });

  it("shows reviewers the review alone, whatever the address says", () => {
    const seen = sectionsFor(as("reviewer"));
    expect(sectionNamed(null, seen)).toBe("review");
    expect(sectionNamed("people", seen)).toBeNull();
    expect(sectionNamed("people", sectionsFor(as("admin")))).toBe("people");
  });
});

describe("the confusion matrix", () => {
  const confusion = confusionOf(
    { mallard: { mallard: 8, gadwall: 1, robin: 1 }, gadwall: { gadwall: 5 }, robin: { mallard: 2, robin: 2 } },
    { mallard: "Ducks", gadwall: "Ducks", robin: "Flycatchers" },
  );

  it("adds up to families, those with most mistakes first", () => {
    const grid = gridOf(confusion, null);
    expect(grid.ids).toEqual(["Flycatchers", "Ducks"]);
    expect(grid.cells.get("Ducks")?.get("Ducks")).toEqual({ photos: 14, share: 14 / 15 });
    expect(grid.cells.get("Ducks")?.get("Flycatchers")?.photos).toBe(1);
  });

  it("opens a family: its species, and how often the answer was another family's", () => {
    const grid = gridOf(confusion, "Ducks");
    expect(grid.ids).toEqual(["mallard", "gadwall"]);
    expect(grid.cells.get("mallard")?.get("gadwall")).toEqual({ photos: 1, share: 0.1 });
    expect(grid.elsewhere.get("mallard")).toBe(1);
  });

  it("shows no more rows than can be told apart, and says how many it leaves out", () => {
    const ids = Array.from({ length: 300 }, (_, number) => `s${number}`);
    const matrix = Object.fromEntries(ids.map((id) => [id, { [id]: 1 }]));
    const grid = gridOf(confusionOf(matrix, Object.fromEntries(ids.map((id) => [id, `family of ${id}`]))), null);
    expect([grid.ids.length, grid.more]).toEqual([MOST_ROWS, 300 - MOST_ROWS]);
  });
});

describe("the dataset's species", () => {
  const of = (train: number) => ({ train, validation: 0, test: 0 });
  const snapshot = { snapshot_id: "a", parent_id: null, depth: 1, photos: 0, changes: {}, species: { learnt: of(90), far: of(2), near: of(29), "near-by": of(30) } };
  const dataset = { snapshot, needed_photos: 30 };

  it("come by nearness to their gate, those past it last", () => {
    expect(speciesRows(dataset, "", "gate", new Map()).map((row) => [row.speciesId, row.missing])).toEqual([["near", 1], ["far", 28], ["learnt", 0], ["near-by", 0]]);
  });

  it("come by photos when asked so, and are found by words", () => {
    expect(speciesRows(dataset, "", "photos", new Map()).map((row) => row.speciesId)).toEqual(["learnt", "near-by", "near", "far"]);
    expect(speciesRows(dataset, "by NEAR", "gate", new Map()).map((row) => row.speciesId)).toEqual(["near-by"]);
  });

  it.each(["stone curlew", "oedicneme-CRIARD", "Œdicnème", "burhinus"])("are found by the words of either language and of science: %s", (query) => {
    const known = new Map([["far", { en: "Eurasian Stone-curlew", fr: "Œdicnème criard", scientific: "Burhinus oedicnemus" }]]);
    expect(speciesRows(dataset, query, "gate", known).map((row) => row.speciesId)).toEqual(["far"]);
  });
});

describe("names of species", () => {
  const mallard = { en: "Mallard", fr: "Canard colvert", scientific: "Anas platyrhynchos" };

  function asking(answers: Record<string, Names>) {
    const asked: string[][] = [];
    const names = new SpeciesNames({
      speciesNames: (ids) => {
        asked.push([...ids]);
        return Promise.resolve(answers);
      },
    });
    return { asked, names };
  }

  afterEach(() => (language.value = "en"));

  it("are asked for once, and follow the page's language; an id stands for what nobody knows", async () => {
    const { asked, names } = asking({ mallard });
    await names.ask(["mallard", "dodo-of-nowhere", "mallard"]);
    await names.ask(["mallard"]);
    expect(asked).toEqual([["mallard", "dodo-of-nowhere"]]);
    expect(nameIn(names.known.value, "mallard")).toBe("Mallard");
    language.value = "fr";
    expect(nameIn(names.known.value, "mallard")).toBe("Canard colvert");
    expect(nameIn(names.known.value, "dodo-of-nowhere")).toBe("Dodo of nowhere");
  });

  it("are asked for in parts that the service answers", async () => {
    const { asked, names } = asking({});
    await names.ask(Array.from({ length: MOST_AT_ONCE + 1 }, (_, number) => `bird-${number}`));
    expect(asked.map((some) => some.length)).toEqual([MOST_AT_ONCE, 1]);
  });

  it("are asked for again after a failure, by whoever asks next", async () => {
    let fails = true;
    const names = new SpeciesNames({ speciesNames: () => (fails ? Promise.reject(new ServiceError("away")) : Promise.resolve({ mallard })) });
    await names.ask(["mallard"]);
    expect(nameIn(names.known.value, "mallard")).toBe("Mallard");
    expect(names.known.value.size).toBe(0);
    fails = false;
    await names.ask(["mallard"]);
    expect(names.known.value.get("mallard")).toEqual(mallard);
  });
});

describe("what a rollback brings back", () => {
  const history = (...changes: [string, Tenure["change"]][]): Tenure[] =>
    changes.map(([version, change], index) => ({ revision: index + 1, version, change, chosen_by: "", chosen_at: "", reason: "" })).reverse();

  it.each([
    ["nothing, where nothing served before", null, history(["a", "shipped"])],
    ["the one before", "a", history(["a", "shipped"], ["b", "promoted"])],
    ["one step further back each time, never forth again", null, history(["a", "shipped"], ["b", "promoted"], ["a", "rolled_back"])],
    ["what stood below, whatever was tried between", "a", history(["a", "shipped"], ["b", "promoted"], ["c", "promoted"], ["b", "rolled_back"])],
    ["what served before a model that came back by promotion", "a", history(["a", "shipped"], ["b", "promoted"], ["a", "rolled_back"], ["c", "promoted"])],
    ["nothing that the history does not tell", null, history(["b", "rolled_back"])],
  ])("is %s", (_, expected, told) => {
    expect(beforeOf(told)).toBe(expected);
  });
});

describe("the trends of species that drifted", () => {
  const of = (value: number) => ({ value, low: 0, high: 1, of: 20 });
  const figures = (id: string, precision: number, recall: number) => ({ species_id: id, en: `${id}!`, fr: `${id}?`, photos: 20, precision: of(precision), recall: of(recall) });
  const drifting = (current: ReturnType<typeof figures>, measure: "recall" | "precision" = "recall") => ({ measure, direction: "worse" as const, reference: current, current, photos: [] });
  const report = (parts: Partial<DriftReport>): DriftReport => ({ drifting: [], best: [], worst: [], live: [], ...parts }) as unknown as DriftReport;

  it("follow each species that any report flags, the oldest first, and leave a gap where a report is silent", () => {
    const mallard = figures("mallard", 0.5, 1);
    const trends = speciesTrends([
      report({ best: [figures("mallard", 1, 1), figures("gadwall", 1, 1)] }),
      report({}),
      report({ drifting: [drifting(mallard), drifting(mallard, "precision"), drifting(figures("robin", 0, 0))] }),
      report({ drifting: [drifting(figures("robin", 1, 0.5))], worst: [figures("mallard", 1, 0.6)] }),
    ]);
    expect(trends.map((one) => [one.speciesId, one.flagged])).toEqual([
      ["robin", 2],
      ["mallard", 1],
    ]);
    expect(trends[1]?.recall).toEqual([1, null, 1, 0.6]);
    expect(trends[1]?.f1.map((value) => value?.toFixed(3))).toEqual(["1.000", undefined, "0.667", "0.750"]);
    expect(trends[0]?.f1).toEqual([null, null, 0, 2 / 3]);
  });

  it("are drawn as a line that breaks at a gap, and as a dot where nothing is beside a value", () => {
    expect(sparkline([1, 0.5, null, 0], 120, 28)).toBe("M0.0 0.0h0L40.0 14.0M120.0 28.0h0");
    expect(sparkline([0.5], 120, 28)).toBe("M0.0 14.0h0");
    expect(sparkline([], 120, 28)).toBe("");
  });
});

describe("the inbox of the embedded cloud", () => {
  const answering = (status: number, body: string, asked: Exchange[] = []) => (exchange: Exchange) => {
    asked.push(exchange);
    return Promise.resolve({ status, body, header: () => null });
  };

  it("is asked for the letters in the page's language, without signing for it", async () => {
    const asked: Exchange[] = [];
    const letters = await readInbox(answering(200, JSON.stringify({ letters: [{ letter_id: "1" }] }), asked), "http://a.test/inbox", "fr", new AbortController().signal);
    expect(letters.map((letter) => letter.letter_id)).toEqual(["1"]);
    expect(asked.map((one) => [one.url, one.headers])).toEqual([["http://a.test/inbox?language=fr", undefined]]);
  });

  it("says when it does not answer", async () => {
    await expect(readInbox(answering(500, ""), "http://a.test/inbox", "en", new AbortController().signal)).rejects.toThrow(ServiceError);
  });
});
