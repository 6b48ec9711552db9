/** What a species looks like: a photo of it where there is one, its family's silhouette meanwhile and otherwise. */
import { useState } from "preact/hooks";
import type { SpeciesDetail } from "../api/types";
import { messages } from "../i18n";
import { useServices } from "../services";
import { Silhouette } from "../ui/Silhouette";
import { forgetSpecies } from "./species";

interface ReferenceProps {
  name: string;
  detail: SpeciesDetail | null;
}

export function Reference({ name, detail }: ReferenceProps) {
  const { api } = useServices();
  // The address that led nowhere: nothing has to be put back when another one comes, however soon this one fails.
  const [broken, setBroken] = useState<string | null>(null);
  const url = detail?.reference_photo?.url ?? null;
  if (detail === null || url === null || url === broken) return <Silhouette name={detail?.placeholder.silhouette ?? null} />;
  return (
    <img
      class="reference-photo"
      data-testid="reference-photo"
      src={url}
      alt={messages.value.answer.looksLike(name)}
      loading="lazy"
      decoding="async"
      width={60}
      height={60}
      onError={() => {
        setBroken(url);
        forgetSpecies(api, detail.species_id);
      }}
    />
  );
}
