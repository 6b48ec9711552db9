/** The person's own photo, or the outline of its family where the photo is gone or its link has ended. */
import { useState } from "preact/hooks";
import type { Contribution } from "../api/types";
import { useSpecies } from "../identify/species";
import { Silhouette } from "../ui/Silhouette";

export function Thumbnail({ photo }: { photo: Contribution }) {
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const isShown = photo.photo_url !== null && photo.photo_url !== brokenUrl;
  const detail = useSpecies(isShown ? null : photo.species_id);
  return (
    <span class="thumbnail">
      {isShown && photo.photo_url !== null ? (
        <img src={photo.photo_url} alt="" loading="lazy" decoding="async" onError={() => setBrokenUrl(photo.photo_url)} />
      ) : (
        <Silhouette name={detail?.placeholder.silhouette ?? null} />
      )}
    </span>
  );
}
