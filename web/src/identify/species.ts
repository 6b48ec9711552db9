/** What the service knows of a species, asked once per visit: silhouettes and links come with it. */
import { useEffect, useState } from "preact/hooks";
import { ServiceError } from "../api/errors";
import type { ApiClient } from "../api/client";
import type { SpeciesDetail } from "../api/types";
import { useServices } from "../services";

const known = new WeakMap<ApiClient, Map<string, Promise<SpeciesDetail>>>();

function detailOf(api: ApiClient, speciesId: string): Promise<SpeciesDetail> {
  const details = known.get(api) ?? new Map<string, Promise<SpeciesDetail>>();
  known.set(api, details);
  const asked = details.get(speciesId) ?? api.species(speciesId);
  details.set(speciesId, asked);
  // A failure is not knowledge: the next one who asks tries again.
  asked.catch(() => details.delete(speciesId));
  return asked;
}

/** Forget what is known of a species, so that the next one who asks gets addresses that still work. */
export function forgetSpecies(api: ApiClient, speciesId: string): void {
  known.get(api)?.delete(speciesId);
}

/** Null until it is known, and where it can't be had: nothing on the page waits for it. */
export function useSpecies(speciesId: string | null): SpeciesDetail | null {
  const { api } = useServices();
  const [known, setKnown] = useState<{ of: string; detail: SpeciesDetail } | null>(null);
  useEffect(() => {
    if (speciesId === null) return;
    let isWanted = true;
    detailOf(api, speciesId).then(
      (found) => {
        if (isWanted) setKnown({ of: speciesId, detail: found });
      },
      (error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
      },
    );
    return () => {
      isWanted = false;
    };
  }, [api, speciesId]);
  // What is known of another species is never shown as this one's.
  return known?.of === speciesId ? known.detail : null;
}
