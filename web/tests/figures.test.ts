import { describe, expect, it } from "vitest";
import type { Stats } from "../src/api/types";
import { rightAnswersOf } from "../src/numbers/figures";

function answered(...weeks: [confirmed: number, corrected: number][]): Stats {
  return { answers: weeks.map(([confirmed, corrected]) => ({ week: "2026-11-23", confirmed, corrected, unknown: 7 })) } as unknown as Stats;
}

describe("the answers that were right", () => {
  it("are counted while there are few of them", () => {
    expect(rightAnswersOf(answered([1, 0]))).toBe("1 of 1");
    expect(rightAnswersOf(answered([10, 3], [5, 1]))).toBe("15 of 19");
  });

  it("become a share over all weeks, which those who don't know have no part in", () => {
    expect(rightAnswersOf(answered([10, 2], [5, 3]))).toBe("75.0%");
  });

  it("are none while nobody answered", () => {
    expect(rightAnswersOf(answered())).toBe("–");
  });
});
