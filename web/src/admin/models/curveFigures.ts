/** From a learning curve to charts and their tables. Pure, so that both always say the same. */
import type { ChartConfiguration, ChartDataset } from "chart.js";
import { locale } from "../../i18n";
import type { Colours } from "../../numbers/Chart";
import { share, whole, type Figure } from "../../numbers/figures";
import { figure } from "../moments";
import type { CurvePart, CurvePoint } from "../types";
import { words } from "../words";

/** Beyond so many points a mark for each would hide the line. */
const MARKED_POINTS = 40;

export function lossFigure(part: CurvePart): Figure {
  const t = words.value.models.curve;
  const points = part.points;
  const isTimed = points.some((point) => point.seconds !== null);
  const settings = [...new Set(points.flatMap((point) => Object.keys(point.settings)))];
  return {
    table: {
      columns: [t.step[part.kind], t.phase, t.training, t.validation, ...(isTimed ? [t.learningRate, t.seconds] : []), ...settings.map(settingName)],
      rows: points.map((point) => [
        stepName(part, point),
        t.phases[point.phase],
        known(point.loss, figure),
        known(point.validation_loss, figure),
        ...(isTimed ? [known(point.learning_rate, rate), known(point.seconds, (value) => whole(Math.round(value)))] : []),
        ...settings.map((name) => known(point.settings[name] ?? null, figure)),
      ]),
    },
    config: lines(part, (point) => point.loss, (point) => point.validation_loss, figure, {}),
  };
}

export function rightFigure(part: CurvePart): Figure {
  const t = words.value.models.curve;
  return {
    table: {
      columns: [t.step[part.kind], t.training, t.validation],
      rows: part.points.map((point) => [stepName(part, point), known(point.accuracy, share), known(point.validation_accuracy, share)]),
    },
    config: lines(part, (point) => point.accuracy, (point) => point.validation_accuracy, share, { min: 0, max: 1 }),
  };
}

function lines(
  part: CurvePart,
  training: (point: CurvePoint) => number | null,
  validation: (point: CurvePoint) => number | null,
  shown: (value: number) => string,
  bounds: { min?: number; max?: number },
): (colours: Colours) => ChartConfiguration {
  const t = words.value.models.curve;
  const radius = part.points.length > MARKED_POINTS ? 0 : 3;
  const isBest = part.points.map((point) => point.step === part.best);
  return (colours) => {
    const line = (label: string, values: (number | null)[], colour: string): ChartDataset<"line", (number | null)[]> => ({
      label,
      data: values,
      borderColor: colour,
      backgroundColor: colour,
      borderWidth: 2,
      pointRadius: radius,
      pointHitRadius: 16,
      spanGaps: true,
    });
    return {
      type: "line",
      data: {
        labels: part.points.map((point) => whole(point.step)),
        datasets: [
          // Dashed as well as of another colour.
          { ...line(t.training, part.points.map(training), colours.series[1] ?? colours.muted), borderDash: [6, 4] },
          {
            ...line(t.validation, part.points.map(validation), colours.series[0] ?? colours.ink),
            pointRadius: isBest.map((best) => (best ? 7 : radius)),
            pointStyle: isBest.map((best) => (best ? "rectRot" : "circle")),
          },
        ],
      },
      options: {
        interaction: { mode: "index", intersect: false },
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => {
                const point = item && part.points[item.dataIndex];
                return point ? `${t.step[part.kind]} ${stepName(part, point)}` : "";
              },
              label: (item) => `${item.dataset.label ?? ""}: ${known(item.parsed.y, shown)}`,
            },
          },
        },
        scales: {
          x: { grid: { display: false }, title: { display: true, text: t.step[part.kind] }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
          y: { ...bounds, border: { display: false }, ticks: { maxTicksLimit: 6, callback: (value) => shown(Number(value)) } },
        },
      },
    };
  };
}

function stepName(part: CurvePart, point: CurvePoint): string {
  const number = whole(point.step);
  return point.step === part.best ? words.value.models.curve.best(number) : number;
}

function settingName(name: string): string {
  const known: Record<string, string> = words.value.models.curve.settings;
  return Object.hasOwn(known, name) ? (known[name] ?? name) : name;
}

function known(value: number | null, shown: (value: number) => string): string {
  return value === null ? "–" : shown(value);
}

/** Learning rates lie far below what four decimals can tell. */
function rate(value: number): string {
  return new Intl.NumberFormat(locale.value, { maximumSignificantDigits: 2 }).format(value);
}
