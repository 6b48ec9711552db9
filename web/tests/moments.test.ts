import { afterEach, describe, expect, it } from "vitest";
import { date, shareGained, span } from "../src/admin/moments";
import { fr } from "../src/admin/words/fr";
import { language, localeOf } from "../src/i18n";

const plain = (text: string): string => text.replaceAll(/\s/g, " ");

afterEach(() => {
  language.value = "en";
});

describe("moments", () => {
  it("say once what the beginning and the end of a job have in common", () => {
    const told = plain(span("2026-11-29T10:58:00", "2026-11-29T11:59:00"));
    expect(told.match(/2026/g)).toHaveLength(1);
    expect(told).toContain("10:58");
    expect(told).toContain("11:59");
    expect(span("2026-11-29T10:58:00", "2026-11-30T11:59:00").match(/Nov/g)).toHaveLength(2);
  });

  it("are days without an hour where the hour means nothing, wherever one is", () => {
    expect(date("2026-11-29T00:00:00+00:00")).toBe("Nov 29, 2026");
    language.value = "fr";
    expect(date("2026-11-29T00:00:00+00:00")).toBe("29 nov. 2026");
  });
});

describe("dates and numbers", () => {
  it.each([
    ["en", ["en-US", "fr"], "en-US"],
    ["en", ["fr-CA", "en-AU"], "en-AU"],
    ["en", ["de-DE"], "en-GB"],
    ["fr", ["en-US", "fr-CA"], "fr-CA"],
    ["fr", ["en-US"], "fr-FR"],
  ] as const)("in %s for somebody who reads %s are written as in %s", (chosen, wanted, expected) => {
    expect(localeOf(chosen, wanted)).toBe(expected);
  });
});

describe("numbers in words", () => {
  it("have a sign where they are a difference", () => {
    expect([0.125, 0, -0.5].map(shareGained)).toEqual(["+12.5%", "0.0%", "-50.0%"]);
  });

  it("are singular up to one in French", () => {
    expect([0, 1, 2].map(fr.review.done)).toEqual(["0 photo relue", "1 photo relue", "2 photos relues"]);
    expect(fr.models.shadow.right(1, "1")).toBe("Juste, sur 1 photo nommée depuis");
  });
});
