/** The REST API as functions. Adds the identity, refreshes it silently once, and turns answers into values or errors. */
import { TERMS_VERSION } from "../account/terms";
import type { Language } from "../i18n";
import { SignInNeededError } from "./errors";
import { documentOf, isSuccess, problemFrom, type Answer, type Exchange, type Transport } from "./transport";
import type {
  ContributionPage,
  Export,
  Feedback,
  FeedbackKind,
  Prediction,
  Species,
  SpeciesDetail,
  Stats,
  UploadSlot,
} from "./types";

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
      const action = newAction();
      const slot = await this.signed<UploadSlot>(
        { method: "POST", url: "/uploads", ...json({ size_bytes: photo.blob.size }), signal: options.signal },
        action,
      );
      await this.deliver(slot, photo.blob, options);
      return this.signed<Prediction>(
        { method: "POST", url: "/predictions", ...json({ upload_id: slot.upload_id }), signal: options.signal },
        action,
      );
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

  contributions(cursor: string | null, limit: number, signal?: AbortSignal): Promise<ContributionPage> {
    const parameters = new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) });
    return this.signed<ContributionPage>({ method: "GET", url: `/me/contributions?${parameters.toString()}`, signal });
  }

  /** Say what a photo shows after a snapshot took it; before that, it is feedback. */
  async correct(photoId: string, speciesId: string): Promise<void> {
    await this.signed({
      method: "POST",
      url: `/contributions/${encodeURIComponent(photoId)}/correction`,
      ...json({ species_id: speciesId }),
    });
  }

  async withdraw(photoId: string): Promise<void> {
    await this.signed({ method: "DELETE", url: `/me/contributions/${encodeURIComponent(photoId)}` });
  }

  /** Ask for everything that is the person's; asked again while it is being made, it says how far that is. */
  exportMine(signal?: AbortSignal): Promise<Export> {
    return this.signed<Export>({ method: "GET", url: "/me/export", signal });
  }

  /** Accept the terms that the page shows; for somebody who never saw them at a sign-up. */
  async acceptTerms(): Promise<void> {
    await this.signed({ method: "PUT", url: "/me/terms", ...json({ terms_version: TERMS_VERSION }) });
  }

  /** Erase the person's photos, records and account. */
  async eraseMe(): Promise<void> {
    await this.signed({ method: "DELETE", url: "/me", ...json({ confirmation: "erase-everything" }) });
  }

  async searchSpecies(query: string, language: Language, limit: number, signal?: AbortSignal): Promise<Species[]> {
    const parameters = new URLSearchParams({ query, lang: language, limit: String(limit) });
    const found = await this.open<{ species: Species[] }>({ method: "GET", url: `/species?${parameters.toString()}`, signal });
    return found.species;
  }

  species(speciesId: string, signal?: AbortSignal): Promise<SpeciesDetail> {
    return this.open<SpeciesDetail>({ method: "GET", url: `/species/${encodeURIComponent(speciesId)}`, signal });
  }

  stats(signal?: AbortSignal): Promise<Stats> {
    return this.open<Stats>({ method: "GET", url: "/stats", signal });
  }

  /** Ask for what the signed-in person may have; for the parts of the page that bring their own shapes. */
  ask<T>(method: Exchange["method"], url: string, options: { body?: unknown; signal?: AbortSignal | undefined } = {}): Promise<T> {
    return this.signed<T>({ method, url, ...(options.body === undefined ? {} : json(options.body)), signal: options.signal });
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

  /** `action` names what the person did; every request that it takes carries it, into every log on the way. */
  private async signed<T>(exchange: Exchange, action = newAction()): Promise<T> {
    const attempt = async (renew: boolean): Promise<Answer> => {
      const token = await this.identity.idToken({ renew });
      return this.transport({
        ...exchange,
        url: this.baseUrl + exchange.url,
        headers: { ...exchange.headers, Authorization: `Bearer ${token}`, "X-Correlation-Id": action },
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

function newAction(): string {
  return crypto.randomUUID();
}

function json(value: unknown): Pick<Exchange, "headers" | "body"> {
  return { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) };
}

function parsed(answer: Answer): unknown {
  if (!isSuccess(answer)) throw problemFrom(answer);
  return answer.body === "" ? null : documentOf(answer);
}
