/** The REST API as functions. Adds the identity, refreshes it silently once, and turns answers into values or errors. */
import type { Language } from "../i18n";
import { SignInNeededError } from "./errors";
import { isSuccess, problemFrom, type Answer, type Exchange, type Transport } from "./transport";
import type { Feedback, FeedbackKind, Prediction, Species, SpeciesDetail, UploadSlot } from "./types";

/** Who signs the requests. */
export interface Identity {
  /** A valid ID token; refreshed first when `renew` asks for it. @throws SignInNeededError */
  idToken: (options?: { renew?: boolean }) => Promise<string>;
  /** The service refused a fresh token: the person has to sign in again. */
  expire: () => void;
}

export interface PhotoBody {
  blob: Blob;
  /** Whether it goes to the bucket first, being too large for the API. */
  isLarge: boolean;
}

export interface SendOptions {
  signal?: AbortSignal | undefined;
  onSent?: ((fraction: number) => void) | undefined;
}

export class ApiClient {
  private readonly baseUrl: string;
  private readonly identity: Identity;
  private readonly transport: Transport;

  constructor(baseUrl: string, identity: Identity, transport: Transport) {
    this.baseUrl = baseUrl;
    this.identity = identity;
    this.transport = transport;
  }

  async predict(photo: PhotoBody, options: SendOptions = {}): Promise<Prediction> {
    if (photo.isLarge) {
      const slot = await this.signed<UploadSlot>({
        method: "POST",
        url: "/uploads",
        ...json({ size_bytes: photo.blob.size }),
        signal: options.signal,
      });
      await this.deliver(slot, photo.blob, options);
      return this.signed<Prediction>({
        method: "POST",
        url: "/predictions",
        ...json({ upload_id: slot.upload_id }),
        signal: options.signal,
      });
    }
    return this.signed<Prediction>({
      method: "POST",
      url: "/predictions",
      headers: { "Content-Type": photo.blob.type || "application/octet-stream" },
      body: photo.blob,
      ...options,
    });
  }

  sendFeedback(predictionId: string, feedback: FeedbackKind, speciesId: string | null, signal?: AbortSignal): Promise<Feedback> {
    return this.signed<Feedback>({
      method: "POST",
      url: `/predictions/${encodeURIComponent(predictionId)}/feedback`,
      ...json(speciesId === null ? { feedback } : { feedback, species_id: speciesId }),
      signal,
    });
  }

  async searchSpecies(query: string, language: Language, limit: number, signal?: AbortSignal): Promise<Species[]> {
    const parameters = new URLSearchParams({ query, lang: language, limit: String(limit) });
    const found = await this.open<{ species: Species[] }>({ method: "GET", url: `/species?${parameters.toString()}`, signal });
    return found.species;
  }

  species(speciesId: string, signal?: AbortSignal): Promise<SpeciesDetail> {
    return this.open<SpeciesDetail>({ method: "GET", url: `/species/${encodeURIComponent(speciesId)}`, signal });
  }

  private async deliver(slot: UploadSlot, blob: Blob, options: SendOptions): Promise<void> {
    const form = new FormData();
    for (const [name, value] of Object.entries(slot.fields)) form.append(name, value);
    form.append("file", blob);
    const answer = await this.transport({ method: "POST", url: slot.url, body: form, ...options });
    if (!isSuccess(answer)) throw problemFrom(answer);
  }

  private async open<T>(exchange: Exchange): Promise<T> {
    return parsed(await this.transport({ ...exchange, url: this.baseUrl + exchange.url })) as T;
  }

  private async signed<T>(exchange: Exchange): Promise<T> {
    const attempt = async (renew: boolean): Promise<Answer> => {
      const token = await this.identity.idToken({ renew });
      return this.transport({
        ...exchange,
        url: this.baseUrl + exchange.url,
        headers: { ...exchange.headers, Authorization: `Bearer ${token}` },
      });
    };
    let answer = await attempt(false);
    if (answer.status === 401) answer = await attempt(true);
    if (answer.status === 401) {
      this.identity.expire();
      throw new SignInNeededError("the service refused a fresh token");
    }
    return parsed(answer) as T;
  }
}

function json(value: unknown): Pick<Exchange, "headers" | "body"> {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

function parsed(answer: Answer): unknown {
  if (!isSuccess(answer)) throw problemFrom(answer);
  return JSON.parse(answer.body);
}
