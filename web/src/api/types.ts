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

/** How many photos a species has, and how many the model needs before it can learn it. */
export interface LearningProgress {
  photos: number;
  needed: number;
}

export const CONTRIBUTION_STATUSES = [
  "received",
  "waiting_for_review",
  "waiting_for_species",
  "in_dataset",
  "set_aside",
  "withdrawn",
] as const;
export type ContributionStatus = (typeof CONTRIBUTION_STATUSES)[number];

export interface Contribution {
  photo_id: string;
  prediction_id: string;
  feedback: FeedbackKind;
  species_id: string | null;
  names: Names | null;
  status: ContributionStatus;
  /** A stable code for why it stands there; null when there is nothing to say. */
  reason: string | null;
  snapshot_id: string | null;
  created_at: string;
  /** A link to the person's own photo that ends soon; null when the photo is gone. */
  photo_url: string | null;
  progress: LearningProgress | null;
}

export interface ContributionPage {
  items: Contribution[];
  next: string | null;
}

/** `url` is null while the export is being made. */
export interface Export {
  status: "being_made" | "ready";
  url: string | null;
  expires_at: string | null;
}

/** A species and how many photos of it there are. */
export interface SpeciesCount {
  species_id: string;
  names: Names;
  photos: number;
}

export interface Growth {
  /** The day, as `2026-11-25`. */
  day: string;
  photos: number;
  species: number;
  sources: Record<string, number>;
}

export interface ModelFigures {
  model_version: string;
  registered_at: string;
  accuracy: number | null;
  top3: number | null;
  macro_f1: number | null;
  is_champion: boolean;
}

export interface AnswersOfWeek {
  /** Its Monday, as `2026-11-23`. */
  week: string;
  confirmed: number;
  corrected: number;
  unknown: number;
}

/** What everybody may know. */
export interface Stats {
  contributions: number;
  dataset_photos: number;
  dataset_species: number;
  dataset_sources: Record<string, number>;
  growth: Growth[];
  largest_species: SpeciesCount[];
  pending_species: (SpeciesCount & { needed: number })[];
  models: ModelFigures[];
  answers: AnswersOfWeek[];
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

export interface ReferencePhoto {
  url: string;
  /** `contribution`, or the name of the imported set. */
  source: string;
  /** What its contributor allows; null for imported photos. */
  licence: string | null;
}

export interface SpeciesDetail {
  species_id: string;
  names: Names;
  lineage: { order: Names; family: Names; genus: Names | null };
  learning: "trainable" | "pending" | "unseen";
  /** Given while the model can't learn it yet. */
  progress: LearningProgress | null;
  /** A photo of this very species that people may be shown; its address ends after an hour. */
  reference_photo: ReferencePhoto | null;
  placeholder: { family: string; silhouette: string };
  /** Addresses of pages about it, by the name of the site. */
  lookup: Record<string, string>;
}
