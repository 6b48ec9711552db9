/** Light or dark: as the device says, unless the person chose. */
import { effect, signal } from "@preact/signals";
import { readKept, writeKept } from "./storage";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const THEME_KEY = "avocet.theme";
const kept = readKept(THEME_KEY);

export const theme = signal<Theme>(THEMES.find((known) => known === kept) ?? "auto");

export function chooseTheme(choice: Theme): void {
  theme.value = choice;
  writeKept(THEME_KEY, choice === "auto" ? null : choice);
}

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});
