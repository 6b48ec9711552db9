/** A chart with the table that says the same. Canvas for the eye, the table for everybody. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as ChartJs,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartConfiguration,
} from "chart.js";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { language, messages } from "../i18n";
import { theme } from "../theme";
import { DataTable, type Table } from "./DataTable";

ChartJs.register(BarController, BarElement, CategoryScale, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip);

export interface Colours {
  ink: string;
  muted: string;
  line: string;
  surface: string;
  series: readonly string[];
}

interface ChartCardProps {
  title: string;
  text: string;
  /** Made anew for each colour scheme. */
  config: (colours: Colours) => ChartConfiguration;
  table: Table;
  testId: string;
  heightRem?: number;
  /** What the colours mean, where there is more than one. */
  legend?: ComponentChildren;
  /** Of the title, among the headings around it. */
  level?: "h2" | "h3" | "h4";
}

export function ChartCard({ title, text, config, table, testId, heightRem = 16, legend, level: Heading = "h2" }: ChartCardProps) {
  const heading = useId();
  const t = messages.value.numbers;
  const isEmpty = table.rows.length === 0;
  return (
    // Below other headings it is no landmark of its own: several may be called the same.
    <section class="chart" role={Heading === "h2" ? "region" : "group"} aria-labelledby={heading} data-testid={testId}>
      <Heading id={heading}>{title}</Heading>
      {text !== "" && <p class="chart__text">{text}</p>}
      {isEmpty ? (
        <p class="chart__none">{t.none}</p>
      ) : (
        <>
          <Drawing config={config} label={title} heightRem={heightRem} />
          {legend}
          <DataTable table={table} labelledBy={heading} />
        </>
      )}
    </section>
  );
}

function Drawing({ config, label, heightRem }: { config: (colours: Colours) => ChartConfiguration; label: string; heightRem: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = theme.value;
  const lang = language.value;
  useEffect(() => {
    const target = canvas.current;
    if (target === null) return;
    let drawn: ChartJs | null = null;
    const draw = (): void => {
      drawn?.destroy();
      drawn = new ChartJs(target, withDefaults(config(coloursOf(target)), coloursOf(target), lang));
    };
    draw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      scheme.removeEventListener("change", draw);
      drawn?.destroy();
    };
  }, [config, chosen, lang]);
  return (
    <div class="chart__drawing" style={{ height: `${heightRem}rem` }}>
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}

/** The page's colours as they stand: a canvas can't read `light-dark()`. */
function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.parentElement?.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ink: read("ink"),
    muted: read("muted"),
    line: read("line"),
    surface: read("surface"),
    series: ["chart-1", "chart-2", "chart-3", "chart-4", "chart-5"].map(read),
  };
  probe.remove();
  return colours;
}

function withDefaults(config: ChartConfiguration, colours: Colours, lang: string): ChartConfiguration {
  ChartJs.defaults.font.family = getComputedStyle(document.body).fontFamily;
  ChartJs.defaults.font.size = 13;
  ChartJs.defaults.color = colours.muted;
  ChartJs.defaults.borderColor = colours.line;
  ChartJs.defaults.locale = lang;
  ChartJs.defaults.maintainAspectRatio = false;
  // A point on the edge, such as 100 %, is drawn whole.
  ChartJs.defaults.datasets.line.clip = 8;
  ChartJs.defaults.animation = matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 400 };
  Object.assign(ChartJs.defaults.plugins.tooltip, {
    backgroundColor: colours.ink,
    titleColor: colours.surface,
    bodyColor: colours.surface,
    padding: 10,
    cornerRadius: 8,
    boxPadding: 4,
  });
  return config;
}
