/** Moments and sizes as people read them. */
import { locale } from "../i18n";

/** A moment, such as `25 Nov 2026, 13:05`. */
export function moment(iso: string | null): string {
  if (iso === null) return "–";
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** From one moment to another; what both have in common, such as the day, is said once. */
export function span(from: string, to: string): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short" }).formatRange(new Date(from), new Date(to));
}

/** A day, as such; its hour means nothing. */
export function date(iso: string): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(iso));
}

/** A difference of two shares, with its sign. */
export function shareGained(value: number): string {
  return new Intl.NumberFormat(locale.value, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(value);
}

/** Bytes as megabytes. */
export function megabytes(bytes: number): string {
  return new Intl.NumberFormat(locale.value, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / 1e6);
}

/** A figure with as many digits as it is worth. */
export function figure(value: number): string {
  return new Intl.NumberFormat(locale.value, { maximumFractionDigits: 4 }).format(value);
}

/** A species' id as a name, where its names are not at hand. */
export function readable(id: string): string {
  const text = id.replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
