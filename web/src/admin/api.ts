/** What admins ask of the REST API, as functions. */
import type { ApiClient } from "../api/client";
import type { Names } from "../i18n";
import type {
  AuditEntry,
  Comparison,
  Confusion,
  Curve,
  Dataset,
  DriftLine,
  DriftReport,
  Job,
  JobKind,
  JudgedPhotos,
  Label,
  LookAlikes,
  ModelDetail,
  ModelList,
  Notifications,
  PhotoInReview,
  ReviewAction,
  ReviewTaken,
  Role,
  ServiceStatus,
  Shadow,
  StoredEvaluation,
  Tenure,
  Trust,
  User,
} from "./types";

const part = encodeURIComponent;

export class AdminApi {
  private readonly client: Pick<ApiClient, "ask">;

  constructor(client: Pick<ApiClient, "ask">) {
    this.client = client;
  }

  async photosInReview(limit: number, signal?: AbortSignal): Promise<PhotoInReview[]> {
    const queue = await this.client.ask<{ items: PhotoInReview[] }>("GET", `/admin/review?limit=${limit}`, { signal });
    return queue.items;
  }

  review(photoId: string, action: ReviewAction, speciesId: string | null): Promise<ReviewTaken> {
    const body = speciesId === null ? { action } : { action, species_id: speciesId };
    return this.client.ask<ReviewTaken>("POST", `/admin/review/${part(photoId)}`, { body });
  }

  lookAlikes(photoId: string, speciesId: string, signal?: AbortSignal): Promise<LookAlikes> {
    return this.client.ask<LookAlikes>("GET", `/admin/review/${part(photoId)}/look-alikes?species=${part(speciesId)}`, { signal });
  }

  models(signal?: AbortSignal): Promise<ModelList> {
    return this.client.ask<ModelList>("GET", "/admin/models", { signal });
  }

  model(version: string, signal?: AbortSignal): Promise<ModelDetail> {
    return this.client.ask<ModelDetail>("GET", `/admin/models/${part(version)}`, { signal });
  }

  modelCurve(version: string, signal?: AbortSignal): Promise<Curve> {
    return this.client.ask<Curve>("GET", `/admin/models/${part(version)}/learning-curve`, { signal });
  }

  comparison(version: string, signal?: AbortSignal): Promise<Comparison> {
    return this.client.ask<Comparison>("GET", `/admin/models/comparison?version=${part(version)}`, { signal });
  }

  shadow(version: string, signal?: AbortSignal): Promise<Shadow> {
    return this.client.ask<Shadow>("GET", `/admin/models/${part(version)}/shadow`, { signal });
  }

  confusion(version: string, of: Pick<StoredEvaluation, "snapshot_id" | "split">, signal?: AbortSignal): Promise<Confusion> {
    return this.client.ask<Confusion>("GET", `/admin/models/${part(version)}/confusion?snapshot=${of.snapshot_id}&split=${of.split}`, { signal });
  }

  judgedPhotos(of: Pick<Confusion, "version" | "snapshot_id" | "split">, speciesId: string, answer: string | null, signal?: AbortSignal): Promise<JudgedPhotos> {
    const asked = new URLSearchParams({ snapshot: of.snapshot_id, split: of.split, species: speciesId, ...(answer === null ? {} : { answer }) });
    return this.client.ask<JudgedPhotos>("GET", `/admin/models/${part(of.version)}/photos?${asked.toString()}`, { signal });
  }

  promote(version: string, reason: string): Promise<Tenure> {
    return this.client.ask<Tenure>("PUT", "/admin/models/champion", { body: { version, reason } });
  }

  /** Take back the champion of a revision; asking once more goes no step further back. */
  rollBack(leavingRevision: number, reason: string): Promise<Tenure> {
    return this.client.ask<Tenure>("POST", "/admin/models/rollback", { body: { leaving_revision: leavingRevision, reason } });
  }

  async jobs(signal?: AbortSignal): Promise<Job[]> {
    return (await this.client.ask<{ jobs: Job[] }>("GET", "/admin/jobs", { signal })).jobs;
  }

  startJob(kind: JobKind, parameters: Record<string, string> = {}): Promise<Job> {
    return this.client.ask<Job>("POST", "/admin/jobs", { body: { kind, parameters } });
  }

  cancelJob(jobId: string): Promise<Job> {
    return this.client.ask<Job>("DELETE", `/admin/jobs/${part(jobId)}`);
  }

  async jobLog(jobId: string, signal?: AbortSignal): Promise<string[]> {
    return (await this.client.ask<{ lines: string[] }>("GET", `/admin/jobs/${part(jobId)}/log`, { signal })).lines;
  }

  jobCurve(jobId: string, signal?: AbortSignal): Promise<Curve> {
    return this.client.ask<Curve>("GET", `/admin/jobs/${part(jobId)}/learning-curve`, { signal });
  }

  dataset(signal?: AbortSignal): Promise<Dataset> {
    return this.client.ask<Dataset>("GET", "/admin/dataset", { signal });
  }

  async labels(signal?: AbortSignal): Promise<Label[]> {
    return (await this.client.ask<{ labels: Label[] }>("GET", "/admin/dataset/labels", { signal })).labels;
  }

  /** Say what the photos under a label show; null where they show no bird. */
  settleLabel(labelId: string, speciesId: string | null): Promise<Label> {
    const body = speciesId === null ? { left_out: true } : { species_id: speciesId };
    return this.client.ask<Label>("PUT", `/admin/dataset/labels/${part(labelId)}`, { body });
  }

  /** Names of at most 2,000 species, by id; unknown ones are left out. */
  async speciesNames(ids: readonly string[]): Promise<Record<string, Names>> {
    return (await this.client.ask<{ names: Record<string, Names> }>("POST", "/admin/species/names", { body: { species_ids: ids } })).names;
  }

  users(cursor: string | null, signal?: AbortSignal): Promise<{ items: User[]; next: string | null }> {
    const asked = new URLSearchParams({ limit: "50", ...(cursor === null ? {} : { cursor }) });
    return this.client.ask("GET", `/admin/users?${asked.toString()}`, { signal });
  }

  invite(email: string, role: Role): Promise<User> {
    return this.client.ask<User>("POST", "/admin/users", { body: { email, role } });
  }

  changeUser(userId: string, change: { role?: Role; is_enabled?: boolean }): Promise<User> {
    return this.client.ask<User>("PATCH", `/admin/users/${part(userId)}`, { body: change });
  }

  async eraseUser(userId: string): Promise<void> {
    await this.client.ask("DELETE", `/admin/users/${part(userId)}`);
  }

  trust(userId: string, signal?: AbortSignal): Promise<Trust> {
    return this.client.ask<Trust>("GET", `/admin/users/${part(userId)}/trust`, { signal });
  }

  async audit(signal?: AbortSignal): Promise<AuditEntry[]> {
    return (await this.client.ask<{ items: AuditEntry[] }>("GET", "/admin/audit?limit=50", { signal })).items;
  }

  status(signal?: AbortSignal): Promise<ServiceStatus> {
    return this.client.ask<ServiceStatus>("GET", "/status", { signal });
  }

  async driftReports(signal?: AbortSignal): Promise<DriftLine[]> {
    return (await this.client.ask<{ reports: DriftLine[] }>("GET", "/admin/drift-reports", { signal })).reports;
  }

  driftReport(reportId: string, signal?: AbortSignal): Promise<DriftReport> {
    return this.client.ask<DriftReport>("GET", `/admin/drift-reports/${part(reportId)}`, { signal });
  }

  notifications(signal?: AbortSignal): Promise<Notifications> {
    return this.client.ask<Notifications>("GET", "/admin/notifications", { signal });
  }

  chooseNotifications(kinds: readonly string[], language: string): Promise<Notifications> {
    return this.client.ask<Notifications>("PUT", "/admin/notifications", { body: { kinds, language } });
  }
}
