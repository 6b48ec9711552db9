/** From the API's numbers to charts and their tables. Pure, so that both always say the same. */
import type { ChartConfiguration } from "chart.js";
import type { AnswersOfWeek, Growth, ModelFigures, SpeciesCount, Stats } from "../api/types";
import { displayName, locale, messages } from "../i18n";
import type { Colours } from "./Chart";
import type { Table } from "./DataTable";

type Draw = (colours: Colours) => ChartConfiguration;
export interface Figure {
  config: Draw;
  table: Table;
}

const SHOWN_SPECIES = 12;

export function whole(value: number): string {
  return new Intl.NumberFormat(locale.value).format(value);
}

/** A share (0 to 1) with one decimal; empty where there is none. */
export function share(value: number | null): string {
  if (value === null) return "";
  return new Intl.NumberFormat(locale.value, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
}

export function day(iso: string): string {
  return new Intl.DateTimeFormat(locale.value, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`));
}

function sourceName(source: string): string {
  const { sources } = messages.value.numbers;
  return source === "contribution" ? sources.contribution : sources.other(source);
}

export function shareRight(week: Pick<AnswersOfWeek, "confirmed" | "corrected">): number | null {
  const known = week.confirmed + week.corrected;
  return known === 0 ? null : week.confirmed / known;
}

/** Below so many answers a percentage would say more than is known. */
const ENOUGH_ANSWERS = 20;

/** Over all weeks: a share, or while there are few, how many of how many. */
export function rightAnswersOf(stats: Stats): string {
  const sum = (key: "confirmed" | "corrected"): number => stats.answers.reduce((total, week) => total + week[key], 0);
  const [confirmed, corrected] = [sum("confirmed"), sum("corrected")];
  const right = shareRight({ confirmed, corrected });
  if (right === null) return "–";
  const judged = confirmed + corrected;
  return judged < ENOUGH_ANSWERS ? messages.value.numbers.ofAll(confirmed, judged) : share(right);
}

export function growthFigure(growth: readonly Growth[]): Figure {
  const t = messages.value.numbers;
  const sources = [...new Set(growth.flatMap((point) => Object.keys(point.sources)))].sort();
  return {
    table: {
      columns: [t.date, t.total, ...sources.map(sourceName)],
      rows: growth.map((point) => [day(point.day), whole(point.photos), ...sources.map((source) => whole(point.sources[source] ?? 0))]),
    },
    config: (colours) => ({
      type: "line",
      data: {
        labels: growth.map((point) => day(point.day)),
        datasets: sources.map((source, index) => {
          const colour = colours.series[index % colours.series.length] ?? colours.ink;
          return {
            label: sourceName(source),
            data: growth.map((point) => point.sources[source] ?? 0),
            borderColor: colour,
            backgroundColor: colour,
            borderWidth: 2,
            fill: "stack" as const,
            // A single day would be no line at all.
            pointRadius: growth.length < 3 ? 4 : 0,
            pointHitRadius: 16,
            stepped: "before" as const,
          };
        }),
      },
      options: {
        interaction: { mode: "index", intersect: false },
        scales: {
          x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 24 } },
          y: { stacked: true, beginAtZero: true, border: { display: false }, ticks: { precision: 0, maxTicksLimit: 6 } },
        },
      },
    }),
  };
}

export function growthLegend(growth: readonly Growth[]): string[] {
  return [...new Set(growth.flatMap((point) => Object.keys(point.sources)))].sort().map(sourceName);
}

export function sizesFigure(species: readonly SpeciesCount[]): Figure {
  const t = messages.value.numbers;
  const shown = species.slice(0, SHOWN_SPECIES);
  return {
    table: { columns: [t.name, t.photosColumn], rows: species.map((one) => [displayName(one.names), whole(one.photos)]) },
    config: (colours) => horizontalBars(shown.map((one) => displayName(one.names)), [{ label: t.photosColumn, data: shown.map((one) => one.photos), colour: colours.series[0] ?? colours.ink }]),
  };
}

export function pendingTable(species: Stats["pending_species"]): Table {
  const t = messages.value.numbers;
  return {
    columns: [t.name, t.photosColumn, t.needed],
    rows: species.map((one) => [displayName(one.names), whole(one.photos), whole(one.needed)]),
  };
}

export function modelsFigure(models: readonly ModelFigures[]): Figure {
  const t = messages.value.numbers;
  const measured = models.filter((model) => model.accuracy !== null);
  const name = (model: ModelFigures): string => (model.is_champion ? `${model.model_version} (${t.inService})` : model.model_version);
  return {
    table: {
      columns: [t.model, t.date, t.accuracy, t.top3, t.macroF1],
      rows: models.map((model) => [name(model), day(model.registered_at.slice(0, 10)), share(model.accuracy), share(model.top3), share(model.macro_f1)]),
    },
    config: (colours) => ({
      type: "bar",
      data: {
        labels: measured.map((model) => day(model.registered_at.slice(0, 10))),
        datasets: [
          {
            label: t.accuracy,
            data: measured.map((model) => model.accuracy),
            backgroundColor: measured.map((model) => (model.is_champion ? colours.series[0] : colours.series[1]) ?? colours.ink),
            borderRadius: 6,
            maxBarThickness: 48,
          },
        ],
      },
      options: {
        plugins: {
          tooltip: {
            callbacks: {
              title: ([item]) => {
                const model = item && measured[item.dataIndex];
                return model ? name(model) : "";
              },
              label: (item) => `${t.accuracy}: ${share(item.parsed.y)}`,
            },
          },
        },
        scales: { x: { grid: { display: false } }, y: percentScale() },
      },
    }),
  };
}

export function answersFigure(weeks: readonly AnswersOfWeek[]): Figure {
  const t = messages.value.numbers;
  return {
    table: {
      columns: [t.week, t.confirmed, t.corrected, t.unknown, t.share],
      rows: weeks.map((week) => [day(week.week), whole(week.confirmed), whole(week.corrected), whole(week.unknown), share(shareRight(week))]),
    },
    config: (colours) => ({
      type: "line",
      data: {
        labels: weeks.map((week) => day(week.week)),
        datasets: [
          {
            label: t.share,
            data: weeks.map(shareRight),
            borderColor: colours.series[0] ?? colours.ink,
            backgroundColor: colours.series[0] ?? colours.ink,
            borderWidth: 2.5,
            pointRadius: 4,
            pointHitRadius: 16,
            spanGaps: true,
            tension: 0.25,
          },
        ],
      },
      options: {
        plugins: { tooltip: { callbacks: { label: (item) => `${t.share}: ${share(item.parsed.y)}` } } },
        scales: { x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 24 } }, y: percentScale() },
      },
    }),
  };
}

function percentScale() {
  return {
    min: 0,
    max: 1,
    border: { display: false },
    ticks: { maxTicksLimit: 6, callback: (value: string | number) => new Intl.NumberFormat(locale.value, { style: "percent" }).format(Number(value)) },
  };
}

function horizontalBars(labels: string[], series: { label: string; data: number[]; colour: string }[]): ChartConfiguration {
  return {
    type: "bar",
    data: {
      labels,
      datasets: series.map((one) => ({ label: one.label, data: one.data, backgroundColor: one.colour, borderRadius: 5, maxBarThickness: 20 })),
    },
    options: {
      indexAxis: "y",
      interaction: { mode: "nearest", axis: "y", intersect: false },
      scales: {
        x: { beginAtZero: true, border: { display: false }, ticks: { precision: 0, maxTicksLimit: 6 } },
        y: {
          grid: { display: false },
          ticks: {
            autoSkip: false,
            callback(value) {
              return clipped(this.getLabelForValue(Number(value)));
            },
          },
        },
      },
    },
  };
}

/** Long names would leave no room for the bars on a phone; the table has them whole. */
function clipped(name: string): string {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}
