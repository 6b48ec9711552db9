/** The REST API's shapes that the page reads; the served OpenAPI document is their source. */
import type { Names } from "../i18n";

export interface Candidate {
  species_id: string;
  names: Names;
  /** Calibrated probability, 0 to 1. */
  score: number;
  /** `species`, or the coarser rank of what the model learnt. */
  rank: string;
  family: Names | null;
}

export interface Coarser {
  rank: "genus" | "family";
  name: string;
  names: Names;
  score: number;
}

export type FeedbackKind = "confirmed" | "corrected" | "unknown";

export interface Prediction {
  prediction_id: string;
  model_version: string;
  predictions: Candidate[];
  coarser: Coarser | null;
  unfamiliar: boolean;
  timings_ms: { total: number } | null;
  expires_at: string;
}

export interface Feedback {
  feedback: FeedbackKind;
  species_id: string | null;
  status: string;
}

export interface UploadSlot {
  upload_id: string;
  url: string;
  fields: Record<string, string>;
  expires_at: string;
  max_bytes: number;
}

export interface Species {
  species_id: string;
  names: Names;
  rank: string;
  family: Names | null;
  /** The name that the search found; may be a synonym. */
  matched: string;
}

export interface SpeciesDetail {
  species_id: string;
  names: Names;
  lineage: { order: Names; family: Names; genus: Names | null };
  learning: "trainable" | "pending" | "unseen";
  placeholder: { family: string; silhouette: string };
  /** Addresses of pages about it, by the name of the site. */
  lookup: Record<string, string>;
}
