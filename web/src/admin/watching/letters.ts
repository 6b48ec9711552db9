/** Reads the mailbox of the embedded cloud; it belongs to that cloud and not to the API, so nobody signs for it. */
import { ServiceError } from "../../api/errors";
import { documentOf, isSuccess, type Transport } from "../../api/transport";
import type { Language } from "../../i18n";

export interface Letter {
  letter_id: string;
  sent_at: string;
  subject: string;
  text: string;
}

/** @throws ServiceError when it does not answer, or with something else. */
export async function readInbox(transport: Transport, url: string, language: Language, signal: AbortSignal): Promise<Letter[]> {
  const answer = await transport({ method: "GET", url: `${url}?language=${language}`, signal });
  if (!isSuccess(answer)) throw new ServiceError(`the inbox answered ${answer.status}`);
  return (documentOf(answer) as { letters: Letter[] }).letters;
}
