/** Photos of the species that is looked at, to compare with the photo under review. */
import { useCallback, useEffect, useState } from "preact/hooks";
import { displayName, messages } from "../../i18n";
import { Spinner } from "../../ui/Spinner";
import { useAsked } from "../asked";
import { useAdmin } from "../context";
import { Failure } from "../Failure";
import type { LookAlikes as Found, NamedSpecies } from "../types";
import { words } from "../words";

/** Whoever decides at a glance asks for nothing. */
const ASK_AFTER_MS = 250;

interface LookAlikesProps {
  id: string;
  photoId: string;
  species: NamedSpecies;
  /** What was asked already for this photo, by species. */
  known: Map<string, Found>;
}

export function LookAlikes({ id, photoId, species, known }: LookAlikesProps) {
  const t = words.value.review.lookAlikes;
  const [isLookedAt, setLookedAt] = useState(known.has(species.species_id));
  useEffect(() => {
    const timer = setTimeout(() => setLookedAt(true), ASK_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  const name = displayName(species.names);
  return (
    <section class="look-alikes" id={id} aria-label={t.title(name)} data-testid="look-alikes" data-species={species.species_id}>
      <h2>{t.title(name)}</h2>
      {isLookedAt ? <Shown photoId={photoId} species={species} known={known} /> : <Spinner />}
    </section>
  );
}

function Shown({ photoId, species, known }: Omit<LookAlikesProps, "id">) {
  const admin = useAdmin();
  const t = words.value.review.lookAlikes;
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const found = known.get(species.species_id) ?? (await admin.lookAlikes(photoId, species.species_id, signal));
      known.set(species.species_id, found);
      return found;
    },
    [admin, photoId, species.species_id, known],
  );
  const asked = useAsked(ask);
  const renew = (): void => {
    known.delete(species.species_id);
    asked.again();
  };
  if (asked.error !== null) return <Failure error={asked.error} onRetry={asked.again} />;
  if (asked.value === null) return <Spinner />;
  const { order, photos } = asked.value;
  if (photos.length === 0) return <p class="note">{t.none}</p>;
  const name = displayName(species.names);
  return (
    <>
      <p class="note" data-testid="look-alikes-order" data-order={order}>
        {t.orders[order]}
      </p>
      <ul class="look-alikes__photos">
        {photos.map((photo, index) => (
          <li key={photo.photo_id}>
            <Picture url={photo.url} alt={t.alt(name, String(index + 1), String(photos.length))} onBroken={renew} />
            <span class="note">{messages.value.answer.photoFrom(photo.source, photo.licence)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A link ends after a while: then it is asked for anew, once. */
function Picture({ url, alt, onBroken }: { url: string; alt: string; onBroken: () => void }) {
  const [isBroken, setBroken] = useState(false);
  return (
    <a href={url} target="_blank" rel="noreferrer">
      <img
        src={url}
        alt={alt}
        loading="lazy"
        decoding="async"
        onError={() => {
          if (!isBroken) onBroken();
          setBroken(true);
        }}
      />
    </a>
  );
}
