/** The mailbox of the cloud on a laptop, which no mail leaves: what the admins would have been told. */
import { useCallback, useState } from "preact/hooks";
import { language } from "../../i18n";
import { useServices } from "../../services";
import { useAsked } from "../asked";
import { Failure } from "../Failure";
import { typeset } from "../jobs/told";
import { moment } from "../moments";
import { readInbox } from "./letters";
import { words } from "../words";

const LOOK_AGAIN_MS = 30_000;
const SHOWN = 20;

export function Inbox({ url }: { url: string }) {
  const { transport } = useServices();
  const t = words.value.watching.inbox;
  const lang = language.value;
  const asked = useAsked(
    useCallback((signal) => readInbox(transport, url, lang, signal), [transport, url, lang]),
    LOOK_AGAIN_MS,
  );
  const [opened, setOpened] = useState<string | null>(null);
  const letters = asked.value ?? [];
  return (
    <section class="panel" aria-labelledby="inbox" data-testid="inbox">
      <h2 id="inbox">{t.title}</h2>
      <p class="note">{t.text}</p>
      {asked.error !== null && <Failure error={asked.error} onRetry={asked.again} />}
      {asked.value !== null && letters.length === 0 && <p>{t.empty}</p>}
      <ul class="letters">
        {letters.slice(0, SHOWN).map((letter) => (
          <li key={letter.letter_id}>
            <button type="button" class="letters__subject" aria-expanded={opened === letter.letter_id} onClick={() => setOpened(opened === letter.letter_id ? null : letter.letter_id)}>
              <strong>{typeset(letter.subject, lang)}</strong>
              <span class="note">{moment(letter.sent_at)}</span>
            </button>
            {opened === letter.letter_id && (
              <pre class="log" tabIndex={0} aria-label={letter.subject}>
                {letter.text}
              </pre>
            )}
          </li>
        ))}
      </ul>
      {letters.length > SHOWN && <p class="note">{t.more(String(letters.length - SHOWN))}</p>}
    </section>
  );
}
