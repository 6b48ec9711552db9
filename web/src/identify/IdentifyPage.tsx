/** The first page: show a photo, see three answers, say which is right. */
import { messages } from "../i18n";
import { useServices } from "../services";
import { Wetland } from "../ui/Wetland";
import { EntryCard } from "./EntryCard";
import { Picker } from "./Picker";

export function IdentifyPage() {
  const { queue } = useServices();
  const t = messages.value;
  const entries = queue.entries.value;
  const isEmpty = entries.length === 0;
  return (
    <>
      {isEmpty ? (
        <div class="hero">
          <Wetland />
          <div class="hero__words">
            <h1>{t.hero.title}</h1>
            <p class="hero__lead">{t.hero.lead}</p>
            <Picker isCompact={false} onPhotos={(files) => queue.add(files)} />
          </div>
        </div>
      ) : (
        <>
          <h1 class="visually-hidden">{t.titles.identify}</h1>
          <Picker isCompact onPhotos={(files) => queue.add(files)} />
        </>
      )}
      {isEmpty ? (
        <>
          <p class="privacy">{t.pick.privacy}</p>
          <ol class="steps">
            {t.hero.steps.map((step, index) => (
              <li key={step.title}>
                <span class="steps__number" aria-hidden="true">
                  {index + 1}
                </span>
                <h2>{step.title}</h2>
                <p>{step.text}</p>
              </li>
            ))}
          </ol>
        </>
      ) : (
        <section class="cards" aria-label={t.photo.list}>
          {entries.map((entry) => (
            <EntryCard key={entry.id} entry={entry} />
          ))}
        </section>
      )}
    </>
  );
}
