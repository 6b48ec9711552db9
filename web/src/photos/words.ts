/** What a contribution's state means, in words. */
import type { Contribution } from "../api/types";
import { displayName, locale, messages } from "../i18n";

export function titleOf(photo: Contribution): string {
  return photo.names === null ? messages.value.photos.unnamed : displayName(photo.names);
}

/** One sentence: where the photo stands and what happens next. */
export function stateInWords(photo: Contribution): string {
  const t = messages.value.photos;
  const name = titleOf(photo);
  switch (photo.status) {
    case "received":
      // What nobody could name joins nothing before somebody looked at it.
      return photo.names === null ? t.reasons.unknown : t.states.received.text;
    case "waiting_for_review":
      return reasonInWords(photo.reason, t.states.waiting_for_review.text);
    case "waiting_for_species":
      return photo.progress === null ? t.states.waiting_for_species.text(name) : progressInWords(photo.progress, name);
    case "in_dataset":
      return t.states.in_dataset.text;
    case "set_aside":
      return reasonInWords(photo.reason, t.reasons.other);
    case "withdrawn":
      return t.states.withdrawn.text;
  }
}

export function progressInWords(progress: { photos: number; needed: number }, name: string): string {
  return messages.value.photos.progress(String(progress.photos), String(progress.needed), name);
}

function reasonInWords(reason: string | null, otherwise: string): string {
  const { reasons } = messages.value.photos;
  return reason !== null && Object.hasOwn(reasons, reason) ? reasons[reason as keyof typeof reasons] : otherwise;
}

export function dateInWords(iso: string): string {
  return new Intl.DateTimeFormat(locale.value, { dateStyle: "long" }).format(new Date(iso));
}
