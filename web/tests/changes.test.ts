import { afterEach, describe, expect, it } from "vitest";
import { changesOf } from "../src/admin/dataset/changes";
import { en } from "../src/admin/words/en";
import { fr } from "../src/admin/words/fr";
import { language } from "../src/i18n";

const changes = (add: number, relabel: number, remove: number) => ({ add, relabel, remove });

afterEach(() => {
  language.value = "en";
});

describe("what a version of the dataset changed", () => {
  it("is a sentence, which also says what did not happen", () => {
    expect(changesOf(changes(15, 0, 0), en)).toBe("15 photos added, none given another name, none removed");
    expect(changesOf(changes(1, 2, 1), en)).toBe("1 photo added, 2 given another name, 1 removed");
    expect(changesOf(changes(0, 0, 3), en)).toBe("no photo added, none given another name, 3 removed");
    expect(changesOf(changes(12_000, 0, 0), en)).toContain("12,000 photos added");
  });

  it("agrees in number and kind in French, its thousands apart", () => {
    language.value = "fr";
    expect(changesOf(changes(15, 0, 0), fr)).toBe("15 photos ajoutées, aucune renommée, aucune retirée");
    expect(changesOf(changes(1, 1, 2), fr)).toBe("1 photo ajoutée, 1 renommée, 2 retirées");
    expect(changesOf(changes(0, 2, 1), fr)).toBe("aucune photo ajoutée, 2 renommées, 1 retirée");
    expect(changesOf(changes(12_000, 0, 0), fr)).toMatch(/^12\s000 photos ajoutées/);
  });

  it("is nothing where all is zero, or nothing is told", () => {
    for (const nothing of [changes(0, 0, 0), {}]) {
      expect(changesOf(nothing, en)).toBe(en.dataset.changed.nothing);
      expect(changesOf(nothing, fr)).toBe(fr.dataset.changed.nothing);
    }
  });

  it("gives a kind that came later as it is called, unless none of it happened", () => {
    expect(changesOf({ add: 2, merge_groups: 3, split: 0 }, en)).toBe("2 photos added, none given another name, none removed, merge groups: 3");
    expect(changesOf({ merge_groups: 3 }, fr)).toBe("merge groups: 3");
  });
});
