/** What the model says about one photo, worded as sure as it is. */
import { useEffect } from "preact/hooks";
import type { Candidate, Coarser, Prediction, SpeciesDetail } from "../api/types";
import { displayName, language, messages, percent, type Names, typeset } from "../i18n";
import { announce } from "../ui/announce";
import { ChevronIcon } from "../ui/icons";
import { FeedbackPanel } from "./FeedbackPanel";
import type { Entry } from "./queue";
import { Reference } from "./Reference";
import { useSpecies } from "./species";

/** Below this the likeliest is a guess, and the page says so. */
const SURE_MIN_SCORE = 0.5;

type Verdict = "sure" | "unsure" | "coarser" | "unfamiliar";

export function verdictOf(prediction: Prediction): Verdict {
  if (prediction.unfamiliar) return "unfamiliar";
  if (prediction.coarser) return "coarser";
  return (prediction.predictions[0]?.score ?? 0) >= SURE_MIN_SCORE ? "sure" : "unsure";
}

export function coarserName(coarser: Coarser): string {
  const t = messages.value.ranks;
  if (coarser.rank === "genus") return t.genus(coarser.name);
  const name = displayName(coarser.names);
  return t.family(language.value === "en" ? name.toLocaleLowerCase("en") : name);
}

export function Answers({ entry, prediction }: { entry: Entry; prediction: Prediction }) {
  const t = messages.value.answer;
  const verdict = verdictOf(prediction);
  const [first] = prediction.predictions;

  useEffect(() => {
    const words = messages.peek().answer;
    if (verdict === "unfamiliar") announce(words.unfamiliarTitle);
    else if (prediction.coarser) announce(words.coarserTitle(coarserName(prediction.coarser)));
    else if (first) announce(words.announce(displayName(first.names), percent(first.score)));
  }, [verdict, prediction, first]);

  return (
    <div class={`answers answers--${verdict}`} data-testid="answers">
      {verdict === "unfamiliar" && <Doubt title={t.unfamiliarTitle} text={t.unfamiliarText} />}
      {verdict === "coarser" && prediction.coarser && (
        <Doubt title={t.coarserTitle(coarserName(prediction.coarser))} text={t.coarserText} />
      )}
      {verdict === "unsure" && <Doubt title={t.unsureTitle} text={t.unsureText} />}
      <h3 class="visually-hidden">{t.heading}</h3>
      <ol class="answers__list">
        {prediction.predictions.map((candidate, index) => (
          <CandidateRow key={candidate.species_id} candidate={candidate} isLead={index === 0 && verdict === "sure"} />
        ))}
      </ol>
      <FeedbackPanel entry={entry} prediction={prediction} />
      <p class="answers__meta">
        {t.model(prediction.model_version)}
        {prediction.timings_ms && ` · ${t.time(String(Math.round(prediction.timings_ms.total)))}`}
      </p>
    </div>
  );
}

function Doubt({ title, text }: { title: string; text: string }) {
  return (
    <div class="doubt">
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
  );
}

function CandidateRow({ candidate, isLead }: { candidate: Candidate; isLead: boolean }) {
  const t = messages.value.answer;
  const detail = useSpecies(candidate.species_id);
  return (
    <li class={`candidate ${isLead ? "candidate--lead" : ""}`} data-testid="candidate" data-species={candidate.species_id}>
      <details>
        <summary>
          <Reference name={displayName(candidate.names)} detail={detail} />
          <span class="candidate__names">
            <span class="candidate__name">{displayName(candidate.names)}</span>
            <span class="candidate__scientific">
              <i lang="la">{candidate.names.scientific}</i>
              {candidate.family && <span>{displayName(candidate.family)}</span>}
            </span>
          </span>
          <span class="candidate__score" title={t.score(percent(candidate.score))}>
            {percent(candidate.score)}
            <ChevronIcon />
          </span>
          <span class="track" aria-hidden="true">
            <span style={{ width: `${Math.max(1, candidate.score * 100)}%` }} />
          </span>
        </summary>
        <SpeciesFacts candidate={candidate} detail={detail} />
      </details>
    </li>
  );
}

function SpeciesFacts({ candidate, detail }: { candidate: Candidate; detail: SpeciesDetail | null }) {
  const t = messages.value.answer;
  const other = language.value === "en" ? candidate.names.fr : candidate.names.en;
  return (
    <>
      {detail?.reference_photo && <img class="species__photo" src={detail.reference_photo.url} alt="" loading="lazy" decoding="async" />}
      <dl class="species">
        {other !== null && (
          <div>
            <dt>{messages.value.otherLanguage}</dt>
            <dd lang={language.value === "en" ? "fr" : "en"}>{typeset(other)}</dd>
          </div>
        )}
        {detail && (
          <>
            <Rank name={t.order} names={detail.lineage.order} />
            <Rank name={t.family} names={detail.lineage.family} />
            {detail.reference_photo !== null && (
              <div>
                <dt>{t.photo}</dt>
                <dd>{t.photoFrom(detail.reference_photo.source, detail.reference_photo.licence)}</dd>
              </div>
            )}
            <div>
              <dt>{t.lookup}</dt>
              <dd class="species__links">
                {Object.entries(detail.lookup).map(([site, address]) => (
                  <a key={site} href={address} target="_blank" rel="noopener noreferrer" aria-label={`${site} (${t.opensElsewhere})`}>
                    {site}
                  </a>
                ))}
              </dd>
            </div>
          </>
        )}
      </dl>
    </>
  );
}

function Rank({ name, names }: { name: string; names: Names }) {
  const common = displayName(names);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {common !== names.scientific && `${common} · `}
        <i lang="la">{names.scientific}</i>
      </dd>
    </div>
  );
}
