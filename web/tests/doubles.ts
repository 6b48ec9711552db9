/** Stand-ins at the page's two ports: the transport, and the person signed in. */
import { ProblemError } from "../src/api/errors";
import type { Identity } from "../src/api/client";
import type { Answer, Exchange, Transport } from "../src/api/transport";
import type { Prediction } from "../src/api/types";
import type { PreparedPhoto } from "../src/identify/prepare";

export function answer(status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(body), header: (name) => headers[name] ?? null };
}

/** Answers requests in turn and remembers them; asking for more than was prepared fails the test. */
export function scripted(...answers: (Answer | Error)[]): { transport: Transport; sent: Exchange[] } {
  const sent: Exchange[] = [];
  const rest = [...answers];
  const transport: Transport = (exchange) => {
    sent.push(exchange);
    const next = rest.shift();
    if (next === undefined) return Promise.reject(new Error(`unexpected request to ${exchange.url}`));
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  return { transport, sent };
}

export class FakeIdentity implements Identity {
  renewals = 0;
  isExpired = false;

  idToken({ renew = false } = {}): Promise<string> {
    if (renew) this.renewals++;
    return Promise.resolve(`token-${this.renewals}`);
  }

  expire = (): void => {
    this.isExpired = true;
  };
}

export function problem(status: number, code = "", retryAfterS: number | null = null): ProblemError {
  return new ProblemError({ status, code, reference: null, retryAfterS });
}

export function predictionOf(id: string): Prediction {
  const candidate = (speciesId: string, score: number) => ({
    species_id: speciesId,
    names: { en: speciesId, fr: null, scientific: `Genus ${speciesId}` },
    score,
    rank: "species",
    family: null,
  });
  return {
    prediction_id: id,
    model_version: "test",
    predictions: [candidate(`${id}-first`, 0.8), candidate(`${id}-second`, 0.1), candidate(`${id}-third`, 0.05)],
    coarser: null,
    unfamiliar: false,
    timings_ms: null,
    expires_at: "2026-11-24T00:00:00Z",
  };
}

export function preparedOf(file: Blob): PreparedPhoto {
  return { blob: file, isLarge: false, isViewable: true, isOriginal: false };
}

/** Let everything that is ready to run do so. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
