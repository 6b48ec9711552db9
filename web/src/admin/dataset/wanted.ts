/** The species that a link elsewhere leads to; the dataset's list begins with it, once. */
import { signal } from "@preact/signals";

export const wantedSpecies = signal("");

export function takeWantedSpecies(): string {
  const wanted = wantedSpecies.peek();
  wantedSpecies.value = "";
  return wanted;
}
