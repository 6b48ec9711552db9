import { beforeEach, describe, expect, it } from "vitest";
import { lossFigure, rightFigure } from "../src/admin/models/curveFigures";
import type { CurvePart, CurvePoint } from "../src/admin/types";
import { language } from "../src/i18n";

const colours = { ink: "ink", muted: "muted", line: "line", surface: "surface", series: ["one", "two"] };

function point(step: number, changes: Partial<CurvePoint> = {}): CurvePoint {
  return { step, phase: "every-layer", loss: 1, accuracy: 0.5, validation_loss: 2, validation_accuracy: 0.25, learning_rate: null, seconds: null, settings: {}, ...changes };
}

const EPOCHS: CurvePart = {
  kind: "epochs",
  total: 2,
  best: 2,
  points: [
    point(0, { phase: "head", loss: null, accuracy: null }),
    point(1, { phase: "last-blocks", learning_rate: 0.000214, seconds: 184.4 }),
    point(2, { learning_rate: 0.0001, seconds: 402.6, validation_loss: 1.5 }),
  ],
};

describe("a learning curve", () => {
  beforeEach(() => {
    language.value = "en";
  });

  it("says in its tables what its lines show, and which step is the best", () => {
    expect(lossFigure(EPOCHS).table).toEqual({
      columns: ["Epoch", "Learning", "Training photos", "Validation photos", "Learning rate", "Seconds"],
      rows: [
        ["0", "head alone", "–", "2", "–", "–"],
        ["1", "last blocks", "1", "2", "0.00021", "184"],
        ["2 (best)", "every layer", "1", "1.5", "0.0001", "403"],
      ],
    });
    expect(rightFigure(EPOCHS).table.rows).toEqual([
      ["0", "–", "25.0%"],
      ["1", "50.0%", "25.0%"],
      ["2 (best)", "50.0%", "25.0%"],
    ]);
  });

  it("names the settings of heads, also those of a later release, and shows no times where there are none", () => {
    const heads: CurvePart = { kind: "candidates", total: 1, best: 1, points: [point(1, { phase: "head", settings: { new_penalty: 0.01, patience_power: 3 } })] };
    expect(lossFigure(heads).table).toEqual({
      columns: ["Head", "Learning", "Training photos", "Validation photos", "Hold on new species", "patience_power"],
      rows: [["1 (best)", "head alone", "1", "2", "0.01", "3"]],
    });
  });

  it("has two lines that differ in more than their colour, and a mark of its own for the best step", () => {
    const { data } = lossFigure(EPOCHS).config(colours);
    const [training, validation] = data.datasets;
    expect([training?.data, validation?.data]).toEqual([
      [null, 1, 1],
      [2, 2, 1.5],
    ]);
    expect(training).toMatchObject({ borderDash: [6, 4], borderColor: "two" });
    expect(validation).toMatchObject({ borderColor: "one", pointStyle: ["circle", "circle", "rectRot"], pointRadius: [3, 3, 7] });
  });

  it("marks the best alone where there are too many steps to mark each", () => {
    const long: CurvePart = { kind: "epochs", total: 100, best: 50, points: Array.from({ length: 100 }, (_, index) => point(index + 1)) };
    const radii = lossFigure(long).config(colours).data.datasets[1] as unknown as { pointRadius: number[] };
    expect(radii.pointRadius.filter((radius) => radius > 0)).toEqual([7]);
  });

  it("speaks French", () => {
    language.value = "fr";
    expect(lossFigure(EPOCHS).table.columns[0]).toBe("Époque");
    expect(rightFigure(EPOCHS).table.rows[2]?.[0]).toBe("2 (la meilleure)");
  });
});
