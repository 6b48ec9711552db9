/** The admin part: its sections, and the one that the address names. */
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { go, hrefOf, place } from "../route";
import { messages } from "../i18n";
import { Lazy } from "../pages/Lazy";
import { useServices } from "../services";
import { AdminApi } from "./api";
import { AdminContext } from "./context";
import { sectionNamed, sectionsFor, type Section } from "./place";
import { DatasetSection } from "./dataset/DatasetSection";
import { JobsSection } from "./jobs/JobsSection";
import { PeopleSection } from "./people/PeopleSection";
import { ReviewSection } from "./review/ReviewSection";
import { words } from "./words";
import "./admin.css";

// Charts weigh more than the rest of this part.
const loadWatching = () => import("./watching/WatchingSection").then((module) => module.WatchingSection);
const loadModels = () => import("./models/ModelsSection").then((module) => module.ModelsSection);

export function AdminPage() {
  const { api, session } = useServices();
  const admin = useMemo(() => new AdminApi(api), [api]);
  const t = words.value;
  const seen = sectionsFor(session.state.value);
  const section = sectionNamed(place.value.detail, seen);
  const sections = useRef<HTMLElement>(null);
  // On a phone the names do not all fit: the one that is open is always in view.
  useLayoutEffect(() => {
    const row = sections.current;
    const current = row?.querySelector<HTMLElement>("[aria-current]");
    if (row != null && current != null) row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  }, [section, t]);
  return (
    <AdminContext.Provider value={admin}>
      <div class="admin">
        <nav class="admin__sections" ref={sections} aria-label={t.sectionsLabel}>
          {seen.map((one) => (
            <a
              key={one}
              href={hrefOf("admin", one)}
              aria-current={one === section ? "page" : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                go("admin", { detail: one });
              }}
            >
              {t.sections[one]}
            </a>
          ))}
        </nav>
        {section === null ? (
          <div class="empty">
            <h1>{messages.value.titles.missing}</h1>
            <p>{t.noSection}</p>
          </div>
        ) : (
          <>
            <h1>{t.sections[section]}</h1>
            <Opened section={section} />
          </>
        )}
      </div>
    </AdminContext.Provider>
  );
}

function Opened({ section }: { section: Section }) {
  switch (section) {
    case "review":
      return <ReviewSection />;
    case "models":
      return <Lazy load={loadModels} given={{}} />;
    case "jobs":
      return <JobsSection />;
    case "dataset":
      return <DatasetSection />;
    case "people":
      return <PeopleSection />;
    case "watching":
      return <Lazy load={loadWatching} given={{}} />;
  }
}
