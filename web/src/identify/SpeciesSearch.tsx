/** Search in the world list while typing: an ARIA combobox, driven by the keyboard as well as by touch. */
import { useEffect, useLayoutEffect, useId, useRef, useState } from "preact/hooks";
import type { Species } from "../api/types";
import { displayName, language, messages, type Names } from "../i18n";
import { useServices } from "../services";

const SHOWN = 8;
const PAUSE_BEFORE_ASKING_MS = 120;

interface SearchProps {
  onChosen: (species: Species) => void;
  onBack: () => void;
}

type Found = { kind: "idle" } | { kind: "searching" } | { kind: "found"; query: string; species: Species[] } | { kind: "failed" };

export function SpeciesSearch({ onChosen, onBack }: SearchProps) {
  const id = useId();
  const t = messages.value.search;
  const [query, setQuery] = useState("");
  const found = useSpeciesSearch(query);
  // A new list begins at its top.
  const [marked, setMarked] = useState({ found, index: 0 });
  const active = marked.found === found ? marked.index : 0;
  const setActive = (index: number): void => setMarked({ found, index });
  const input = useRef<HTMLInputElement>(null);
  const species = found.kind === "found" ? found.species : [];
  const isOpen = species.length > 0;

  // At once: the first letter may come before the next frame.
  useLayoutEffect(() => input.current?.focus(), []);

  const move = (index: number): void => {
    setActive(index);
    document.getElementById(`${id}-${index}`)?.scrollIntoView({ block: "nearest" });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    // The list may still be the one for fewer letters: Enter must not take from it what the person did not mean.
    const chosen = found.kind === "found" && found.query === query.trim() ? species[active] : undefined;
    if (event.key === "ArrowDown" && isOpen) move((active + 1) % species.length);
    else if (event.key === "ArrowUp" && isOpen) move((active - 1 + species.length) % species.length);
    else if (event.key === "Enter" && chosen) onChosen(chosen);
    else if (event.key === "Escape" && query !== "") setQuery("");
    else if (event.key === "Escape") onBack();
    else return;
    event.preventDefault();
  };

  return (
    <div class="search" data-testid="species-search">
      <label class="feedback__question" for={id}>
        {t.label}
      </label>
      <input
        id={id}
        ref={input}
        class="search__input"
        type="text"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen ? `${id}-${active}` : undefined}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        enterKeyHint="done"
        placeholder={t.placeholder}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <ul id={`${id}-list`} class="search__list" role="listbox" aria-label={t.label} hidden={!isOpen}>
        {species.map((one, index) => (
          <li
            key={one.species_id}
            id={`${id}-${index}`}
            class="search__option"
            role="option"
            aria-selected={index === active}
            data-species={one.species_id}
            onPointerMove={() => setActive(index)}
            onClick={() => onChosen(one)}
          >
            <span class="search__name">
              <Marked text={displayName(one.names)} query={query} />
            </span>
            <span class="search__scientific">
              <i lang="la">
                <Marked text={one.names.scientific} query={query} />
              </i>
              {one.family && <span>{displayName(one.family)}</span>}
              {!isAmong(one.matched, one.names) && <span>{t.also(one.matched)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <p class="search__status" role="status">
        {found.kind === "searching" && t.searching}
        {found.kind === "failed" && t.failed}
        {found.kind === "found" && (isOpen ? <span class="visually-hidden">{t.count(species.length)}</span> : t.none(found.query))}
      </p>
      <button type="button" class="link" onClick={onBack}>
        {t.back}
      </button>
    </div>
  );
}

function isAmong(name: string, names: Names): boolean {
  return [displayName(names), names.scientific].some((shown) => folded(shown) === folded(name));
}

/** Show where the name matches. The parts put together again are the name, whatever the query. */
function Marked({ text, query }: { text: string; query: string }) {
  const start = query.trim() === "" ? -1 : folded(text).indexOf(folded(query.trim()));
  if (start < 0) return <>{text}</>;
  const end = start + folded(query.trim()).length;
  return (
    <>
      {text.slice(0, start)}
      <mark>{text.slice(start, end)}</mark>
      {text.slice(end)}
    </>
  );
}

/** Lower case without accents, either apostrophe the same, each character for one, so that places in it are places in the text. */
function folded(text: string): string {
  return Array.from(text.replaceAll("’", "'"), (character) => {
    const plain = character.normalize("NFD").charAt(0).toLowerCase();
    return plain.length === character.length ? plain : character;
  }).join("");
}

/** Ask after a short pause in typing; an answer to an older query never replaces a newer one. */
function useSpeciesSearch(query: string): Found {
  const { api } = useServices();
  const [found, setFound] = useState<Found>({ kind: "idle" });
  const wanted = query.trim();
  const lang = language.value;

  useEffect(() => {
    if (wanted === "") {
      setFound({ kind: "idle" });
      return;
    }
    const controller = new AbortController();
    // What was found stays on the page until the new answer is there: a list that blinks cannot be read.
    setFound((before) => (before.kind === "found" && before.species.length > 0 ? before : { kind: "searching" }));
    const timer = setTimeout(() => {
      api.searchSpecies(wanted, lang, SHOWN, controller.signal).then(
        (species) => setFound({ kind: "found", query: wanted, species }),
        () => {
          if (!controller.signal.aborted) setFound({ kind: "failed" });
        },
      );
    }, PAUSE_BEFORE_ASKING_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [api, wanted, lang]);
  return found;
}
