/** What species are called, for lists that hold ids: asked once per visit, many at a time. */
import { signal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ServiceError } from "../api/errors";
import { displayName, type Names } from "../i18n";
import type { AdminApi } from "./api";
import { useAdmin } from "./context";
import { readable } from "./moments";

/** The service names no more at once. */
export const MOST_AT_ONCE = 2_000;

type Asks = Pick<AdminApi, "speciesNames">;

export class SpeciesNames {
  /** By species; null for those that nobody knows. */
  readonly known: Signal<ReadonlyMap<string, Names | null>> = signal(new Map());
  private readonly api: Asks;
  private readonly asked = new Set<string>();

  constructor(api: Asks) {
    this.api = api;
  }

  /** Ask for those that were not asked for yet; until the answer is there, and without one, ids stand for names. */
  async ask(ids: Iterable<string>): Promise<void> {
    const news = [...new Set(ids)].filter((id) => !this.asked.has(id));
    for (const id of news) this.asked.add(id);
    for (let start = 0; start < news.length; start += MOST_AT_ONCE) {
      const some = news.slice(start, start + MOST_AT_ONCE);
      try {
        const names = await this.api.speciesNames(some);
        this.known.value = new Map([...this.known.value, ...some.map((id): [string, Names | null] => [id, Object.hasOwn(names, id) ? (names[id] ?? null) : null])]);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        // Whoever asks next tries again.
        for (const id of news.slice(start)) this.asked.delete(id);
        return;
      }
    }
  }
}

/** The species' name in the page's language, or its id in plain letters where its names are not at hand. */
export function nameIn(known: ReadonlyMap<string, Names | null>, id: string): string {
  const names = known.get(id);
  return names == null ? readable(id) : displayName(names);
}

/** Lower case, without accents and hyphens: what people type is like what is written. */
export function plainLetters(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll(/[-’']/g, " ").replaceAll("œ", "oe").replaceAll("æ", "ae");
}

const shared = new WeakMap<AdminApi, SpeciesNames>();

/** Names of `ids`, of which `key` tells whether they are still the same; the component is drawn anew when they are there. */
export function useNames(ids: readonly string[], key: string): ReadonlyMap<string, Names | null> {
  const admin = useAdmin();
  const names = shared.get(admin) ?? new SpeciesNames(admin);
  shared.set(admin, names);
  useEffect(() => {
    void names.ask(ids);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for `ids`
  }, [names, key]);
  return names.known.value;
}
