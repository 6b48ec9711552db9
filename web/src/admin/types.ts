/** The API's shapes that only the admin part reads; the served OpenAPI document is their source. */
import type { Names } from "../i18n";

export interface NamedSpecies {
  species_id: string;
  names: Names;
}

export interface PhotoInReview {
  photo_id: string;
  /** `contribution`, or the set it was imported from. */
  source: string;
  /** Null where its owner does not know. */
  said: NamedSpecies | null;
  reason: string;
  proposed: NamedSpecies | null;
  suggestions: (NamedSpecies & { score: number })[];
  voices: number;
  photo_url: string;
  claimed_until: string | null;
}

export type ReviewAction = "accept" | "correct" | "reject" | "skip" | "undo";

export interface ReviewTaken {
  photo_id: string;
  status: "decided" | "counted" | "skipped" | "undone";
  species_id: string | null;
}

export interface LookAlikes {
  species_id: string;
  names: Names;
  order: "similarity" | "variety";
  photos: { photo_id: string; url: string; source: string; licence: string | null }[];
}

export interface Model {
  version: string;
  role: "champion" | "challenger" | null;
  recipe: string;
  backbone: string;
  created_at: string;
  registered_at: string;
  snapshot_id: string | null;
  parent_version: string | null;
  job_id: string | null;
  mlflow_run_id: string | null;
  bundle_bytes: number;
  species_count: number;
  figures: Record<string, number>;
}

export interface Tenure {
  revision: number;
  version: string;
  change: "shipped" | "promoted" | "rolled_back";
  chosen_by: string;
  chosen_at: string;
  reason: string;
}

export interface ModelList {
  champion: string | null;
  challenger: string | null;
  models: Model[];
  /** The present tenure first. */
  history: Tenure[];
}

export type Split = "train" | "validation" | "test";

export interface StoredEvaluation {
  snapshot_id: string;
  split: Split;
  summary: Record<string, number>;
}

export interface ModelDetail {
  model: Model;
  tenures: Tenure[];
  evaluations: StoredEvaluation[];
}

export interface CurvePoint {
  /** From 1; 0 is how it stood before the first epoch. */
  step: number;
  phase: "head" | "last-blocks" | "every-layer";
  loss: number | null;
  accuracy: number | null;
  validation_loss: number | null;
  validation_accuracy: number | null;
  learning_rate: number | null;
  seconds: number | null;
  /** Of a head that was tried. */
  settings: Record<string, number>;
}

export interface CurvePart {
  kind: "epochs" | "candidates";
  /** More than there are points where some are left out. */
  total: number;
  /** The step of the lowest validation loss; null before it is known. */
  best: number | null;
  points: CurvePoint[];
}

export interface Curve {
  /** None where no curve was kept. */
  parts: CurvePart[];
}

export interface Difference {
  champion: number;
  challenger: number;
  low: number;
  high: number;
  verdict: "better" | "worse" | "noise";
}

export interface Duel {
  species_id: string;
  photos: number;
  champion_right: number;
  challenger_right: number;
  p_value: number;
  verdict: "better" | "worse" | "noise";
}

export interface Comparison {
  snapshot_id: string;
  champion: { model: Model };
  challenger: { model: Model };
  all_species: { photos: number; differences: Record<string, Difference> };
  shared_species: { photos: number; differences: Record<string, Difference> };
  only_champion: string[];
  only_challenger: string[];
  won: Duel[];
  lost: Duel[];
  milliseconds: Record<string, number> | null;
  advice: "promote" | "keep" | "either";
  reason_words: BothLanguages;
  caveats_words: BothLanguages[];
}

/** A share of photos with its 95 % interval. */
export interface Share {
  value: number;
  low: number;
  high: number;
  trials: number;
}

interface ShadowAnswer {
  species_id: string;
  names: Names;
  score: number;
  unfamiliar: boolean;
}

export interface ShadowDisagreement {
  prediction_id: string;
  created_at: string;
  champion: ShadowAnswer;
  challenger: ShadowAnswer;
  named: string | null;
}

interface MeanScores {
  champion: number | null;
  challenger: number | null;
}

export interface ShadowAgainst {
  champion: string;
  is_champion_now: boolean;
  last_scored_at: string | null;
  photos: number;
  agreement: Share;
  in_three: Share;
  same: MeanScores;
  other: MeanScores;
  unfamiliar_champion: number;
  unfamiliar_challenger: number;
  unfamiliar_both: number;
  challenger_ms: number | null;
  named: number;
  champion_right: Share;
  challenger_right: Share;
  only_champion_right: number;
  only_challenger_right: number;
  p_value: number | null;
  species: { species_id: string; names: Names; photos: number; other: number; instead: string; instead_names: Names; instead_photos: number }[];
  disagreements: ShadowDisagreement[];
}

/** What a version said of people's own photos, unseen by them. */
export interface Shadow {
  version: string;
  state: "scoring" | "not_challenger" | "off";
  share: number;
  trouble: { reason: string; at: string } | null;
  against: ShadowAgainst[];
}

export interface Confusion {
  version: string;
  snapshot_id: string;
  split: Split;
  photos: number;
  species: { species_id: string; names: Names; family: Names }[];
  /** Photos by what they show, then by the answer. */
  matrix: Record<string, Record<string, number>>;
  bins: { photos: number; mean_score: number; right_ratio: number }[];
}

export interface JudgedPhotos {
  items: { photo_id: string; species_id: string; answer: string; score: number; url: string }[];
  more: number;
}

export const JOB_KINDS = ["sync", "refresh", "train", "evaluate", "check_drift", "verify"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** Why a job was asked for, or why it failed: by a code, and in both languages where the service has words for it. */
export interface JobSaying {
  /** Null where only `facts.text` is known. */
  code: string | null;
  facts: Record<string, string>;
  en: string | null;
  fr: string | null;
}

export interface Job {
  job_id: string;
  kind: JobKind;
  state: "queued" | "running" | "finished" | "failed" | "cancelled";
  requested_by: string;
  requested_at: string;
  waits_for: string[];
  started_at: string | null;
  finished_at: string | null;
  attempt: number;
  /** `total` is 0 while it is not known. */
  progress: { done: number; total: number; note: string };
  reason: string | null;
  parameters: Record<string, string>;
  result: Record<string, string>;
  why?: JobSaying[];
  failure?: JobSaying | null;
}

export interface Snapshot {
  snapshot_id: string;
  parent_id: string | null;
  depth: number;
  photos: number;
  /** Rows it added, relabelled and removed. */
  changes: Record<string, number>;
  species: Record<string, { train: number; validation: number; test: number }>;
}

export interface Dataset {
  snapshot: Snapshot | null;
  needed_photos: number;
  sources: Record<string, number>;
  in_review: number;
  unresolved: Record<string, number>;
  is_being_written: boolean;
  sync: { status: string; message: string; version: number; detail: string | null; checked_at: string | null; retry_at: string | null };
}

export interface Label {
  label_id: string;
  source: string;
  label: string;
  scientific: string;
  photos: number;
  state: "open" | "settled" | "left-out";
  species_id: string | null;
  awaits_refresh: boolean;
  proposals: NamedSpecies[];
}

export const ROLES = ["user", "reviewer", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  user_id: string;
  email: string;
  role: Role;
  is_enabled: boolean;
  status: string;
  created_at: string;
}

export interface TrustJudgement {
  photo_id: string;
  /** What the person had said. */
  species_id: string;
  was_right: boolean;
  action: ReviewAction | null;
  counts_as: string | null;
  /** Why the photo was in review. */
  reason: string | null;
  reviewers: string[];
  at: string | null;
}

export interface Trust {
  user_id: string;
  standing: "earning" | "trusted" | "doubtful";
  right: number;
  wrong: number;
  recent_mistakes: number;
  proven_species: string[];
  needed_photos: number;
  needed_species: number;
  mistakes_allowed: number;
  allowance: number;
  reviewers: { reviewer_id: string; right: number; wrong: number }[];
  latest: TrustJudgement[];
}

export interface AuditEntry {
  at: string;
  actor_id: string;
  action: string;
  subject_id: string;
  facts: Record<string, string>;
}

export interface BothLanguages {
  en: string;
  fr: string;
}

export interface DriftLine {
  report_id: string;
  made_at: string;
  state: string;
  sentence: BothLanguages;
  model_version: string | null;
  new_photos: number;
  drifting_species: number;
  accuracy: number | null;
}

interface ShareFigure {
  value: number;
  low: number;
  high: number;
  of: number;
}

export interface SpeciesFigures {
  species_id: string;
  en: string;
  fr: string;
  photos: number;
  precision: ShareFigure;
  recall: ShareFigure;
}

export interface DriftReport extends DriftLine {
  advice: BothLanguages;
  drifting: { measure: "recall" | "precision"; direction: "worse" | "better"; reference: SpeciesFigures; current: SpeciesFigures; photos: { photo_id: string; answer: string; url?: string | null }[] }[];
  best: SpeciesFigures[];
  worst: SpeciesFigures[];
  live: { feature: string; is_shifted: boolean; before: number; now: number; photos: number }[];
  page_url?: string | null;
  /** Null for a report from before there were French ones. */
  page_url_fr?: string | null;
}

export const NOTICE_KINDS = ["data", "training", "models", "drift", "health"] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export interface Notifications {
  kinds: NoticeKind[];
  language: "en" | "fr";
  email: string;
  delivery: "off" | "email" | "unconfirmed" | "ended" | "inbox";
}

export interface ServiceStatus {
  status: "ready" | "no-model";
  message: BothLanguages;
  activity: BothLanguages;
  model: { state: string | null; checked_at: string | null; sentence: BothLanguages };
}

