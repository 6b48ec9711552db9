/** The language in use: the browser's at first, then what the person chose. */
import { computed, effect, signal } from "@preact/signals";
import { readKept, writeKept } from "../storage";
import { en, type Messages } from "./en";
import { fr } from "./fr";

export type Language = "en" | "fr";

const LANGUAGE_KEY = "avocet.language";
const dictionaries: Record<Language, Messages> = { en, fr };

export function firstLanguage(kept: string | null, wanted: readonly string[]): Language {
  if (kept === "en" || kept === "fr") return kept;
  for (const tag of wanted) {
    const base = tag.slice(0, 2).toLowerCase();
    if (base === "en" || base === "fr") return base;
  }
  return "en";
}

export const language = signal<Language>(firstLanguage(readKept(LANGUAGE_KEY), navigator.languages));
/**
 * How dates and numbers are written: as the browser's owner writes that language, such as `en-US` or `fr-CA`.
 *
 * Who reads the page in a language that is not the browser's gets its plain European form.
 */
export const locale = computed<string>(() => localeOf(language.value, navigator.languages));
export const messages = computed<Messages>(() => dictionaries[language.value]);

export function localeOf(chosen: Language, wanted: readonly string[]): string {
  const own = wanted.find((tag) => tag.slice(0, 2).toLowerCase() === chosen);
  return own ?? (chosen === "en" ? "en-GB" : "fr-FR");
}

export function chooseLanguage(choice: Language): void {
  language.value = choice;
  writeKept(LANGUAGE_KEY, choice);
}

effect(() => {
  document.documentElement.lang = language.value;
});

/** Write a score (0 to 1) as a whole percentage; never 0 % or 100 %, which no model may claim. */
export function percent(score: number): string {
  const bounded = Math.min(0.99, Math.max(0.01, score));
  const text = new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 0 }).format(bounded);
  if (score < 0.01) return `< ${text}`;
  return score > 0.99 ? `> ${text}` : text;
}

/** Write progress (0 to 1) as a whole percentage. */
export function progressPercent(fraction: number): string {
  return new Intl.NumberFormat(locale.value, { style: "percent", maximumFractionDigits: 0 }).format(fraction);
}

export interface Names {
  en: string | null;
  fr: string | null;
  scientific: string;
}

/** The name to show: in the chosen language where there is one, else in English, else the scientific one. */
export function displayName(names: Names): string {
  return typeset((language.value === "fr" ? names.fr : null) ?? names.en ?? names.scientific);
}

/** A name with the apostrophe of print, as everything around it has; lists of names are typed with the typewriter's. */
export function typeset(name: string): string {
  return name.replaceAll("'", "’");
}
