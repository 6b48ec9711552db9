import { afterEach, describe, expect, it } from "vitest";
import { displayName, firstLanguage, language, percent } from "../src/i18n";
import { en as pageEn } from "../src/i18n/en";
import { fr as pageFr } from "../src/i18n/fr";
import { en as adminEn } from "../src/admin/words/en";
import { fr as adminFr } from "../src/admin/words/fr";
import { parsePlace } from "../src/route";
import { parseConfig } from "../src/config";
import { coarserName, verdictOf } from "../src/identify/Answers";
import { fittedSize, isHeif } from "../src/identify/prepare";
import { predictionOf } from "./doubles";

type Leaf = { path: string; text: string };

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value === "function") {
    const filled = (value as (...words: unknown[]) => string)("«1»", "«2»", "«3»");
    return [{ path, text: filled }];
  }
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

/** The same in both languages on purpose. */
const SAME = new Set([".answer.score", ".answer.model", ".answer.time", ".answer.announce", ".terms.version", ".numbers.sources.other", ".adminPart.models.splits.validation", ".adminPart.models.splits.test"]);

afterEach(() => (language.value = "en"));

const en = { ...pageEn, adminPart: adminEn };
const fr = { ...pageFr, adminPart: adminFr };

describe("the two languages", () => {
  it("say the same things", () => {
    expect(leaves(fr).map((leaf) => leaf.path)).toEqual(leaves(en).map((leaf) => leaf.path));
  });

  it("leave nothing empty and nothing untranslated", () => {
    const english = new Map(leaves(en).map((leaf) => [leaf.path, leaf.text]));
    for (const { path, text } of leaves(fr)) {
      expect(text.trim(), path).not.toBe("");
      if (!SAME.has(path)) expect(text, path).not.toBe(english.get(path));
    }
  });

  it("use what they are given alike", () => {
    const used = (text: string): string[] => text.match(/«\d»/g)?.sort() ?? [];
    const english = new Map(leaves(en).map((leaf) => [leaf.path, leaf.text]));
    for (const { path, text } of leaves(fr)) expect(used(text), path).toEqual(used(english.get(path) ?? ""));
  });

  it("set French punctuation as French does", () => {
    for (const { path, text } of leaves(fr)) expect(text.replaceAll(/«\d»/g, "x"), path).not.toMatch(/ [?!:;»]|« /);
  });
});

describe("the first language", () => {
  it.each([
    ["fr", null, ["fr-CA", "en"]],
    ["en", null, ["de-DE", "en-GB", "fr"]],
    ["en", null, ["de"]],
    ["fr", "fr", ["en"]],
    ["en", "klingon", []],
  ])("is %s", (expected, kept, wanted) => {
    expect(firstLanguage(kept, wanted)).toBe(expected);
  });
});

describe("a name", () => {
  it("falls back to English, then to the scientific one", () => {
    language.value = "fr";
    expect(displayName({ en: "Pied Avocet", fr: "Avocette élégante", scientific: "R. a." })).toBe("Avocette élégante");
    expect(displayName({ en: "Pied Avocet", fr: null, scientific: "R. a." })).toBe("Pied Avocet");
    expect(displayName({ en: null, fr: null, scientific: "R. a." })).toBe("R. a.");
    expect(displayName({ en: "Beck's Petrel", fr: null, scientific: "P. b." })).toBe("Beck’s Petrel");
  });
});

describe("a score", () => {
  it.each([
    [0.934, "93%"],
    [0.004, "< 1%"],
    [0.9999, "> 99%"],
    [0, "< 1%"],
  ])("%d reads %s: never nought, never certain", (score, text) => {
    expect(percent(score)).toBe(text);
  });
});

describe("how sure the model is", () => {
  const prediction = predictionOf("x");

  it.each([
    ["sure", prediction],
    ["unsure", { ...prediction, predictions: prediction.predictions.slice(1) }],
    ["coarser", { ...prediction, coarser: { rank: "genus" as const, name: "Sylvia", names: { en: null, fr: null, scientific: "Sylvia" }, score: 0.8 } }],
    ["unfamiliar", { ...prediction, unfamiliar: true }],
  ])("is told as %s", (verdict, given) => {
    expect(verdictOf(given)).toBe(verdict);
  });

  it("names a family as one of many", () => {
    const names = { en: "Old World Warblers", fr: "Sylviidés", scientific: "Sylviidae" };
    expect(coarserName({ rank: "family", name: "Sylviidae", names, score: 0.8 })).toBe("one of the old world warblers");
  });
});

describe("a photo's size", () => {
  it.each([
    [4000, 3000, 1280, 960],
    [3000, 4000, 960, 1280],
    [640, 480, 640, 480],
    [12800, 1, 1280, 1],
  ])("%d x %d becomes %d x %d", (widthPx, heightPx, fittedWidthPx, fittedHeightPx) => {
    expect(fittedSize(widthPx, heightPx)).toEqual({ widthPx: fittedWidthPx, heightPx: fittedHeightPx });
  });
});

describe("a HEIC photo", () => {
  const file = (brand: string): Blob => new Blob([new Uint8Array([0, 0, 0, 24]), `ftyp${brand}`, "rest"]);

  it("is known by its content", async () => {
    expect(await isHeif(file("heic"))).toBe(true);
    expect(await isHeif(file("isom"))).toBe(false);
    expect(await isHeif(new Blob(["short"]))).toBe(false);
  });
});

describe("an address", () => {
  it.each([
    ["", { route: "identify", detail: null }],
    ["#/", { route: "identify", detail: null }],
    ["#/sign-in", { route: "sign-in", detail: null }],
    ["#/photos/a1", { route: "photos", detail: "a1" }],
    ["#/photos/a1/b", { route: "missing", detail: null }],
    ["#/photos/..%2f", { route: "missing", detail: null }],
    ["#/terms/a1", { route: "missing", detail: null }],
    ["#/nowhere", { route: "missing", detail: null }],
  ])("%s leads to its place", (hash, place) => {
    expect(parsePlace(hash)).toEqual(place);
  });
});

describe("the settings", () => {
  const full = { apiUrl: "https://a.test/v1/", cognitoUrl: "https://c.test/", clientId: "x", region: "eu-west-1", uploadsOrigin: "https://u.test", embedded: false };

  it("lose their last slash", () => expect(parseConfig(full).apiUrl).toBe("https://a.test/v1"));

  it("lead to an inbox and to records of runs where there are any, and never out of the web", () => {
    expect(parseConfig(full)).toMatchObject({ inboxUrl: null, runsUrl: null });
    const more = { ...full, inboxUrl: "http://127.0.0.1:4566/_avocet/inbox", runsUrl: "https://runs.test/#/runs/" };
    expect(parseConfig(more)).toMatchObject({ inboxUrl: more.inboxUrl, runsUrl: more.runsUrl });
    expect(parseConfig({ ...full, runsUrl: "javascript:alert(1)//" }).runsUrl).toBeNull();
  });

  it("are refused when one is missing", () => {
    expect(() => parseConfig({ ...full, clientId: "" })).toThrow("clientId");
    expect(() => parseConfig(null)).toThrow("no object");
  });
});
