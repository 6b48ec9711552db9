/** My photos: what a person gave, where each photo stands, and what they can still do about it. */
import { useEffect } from "preact/hooks";
import type { Contribution } from "../api/types";
import { messages } from "../i18n";
import { isOnline } from "../offline";
import { close, go, hrefOf, place } from "../route";
import { useServices } from "../services";
import { AlertIcon, CameraIcon, LockIcon, OfflineIcon } from "../ui/icons";
import { ProblemText } from "../ui/ProblemText";
import { Spinner } from "../ui/Spinner";
import { PhotoDialog } from "./PhotoDialog";
import { Thumbnail } from "./Thumbnail";
import { titleOf } from "./words";
import { YourData } from "./YourData";

export function PhotosPage() {
  const { session } = useServices();
  const t = messages.value;
  return (
    <div class="photos">
      <h1>{t.titles.photos}</h1>
      {session.state.value.kind === "signed-out" ? <SignInFirst /> : <Given />}
    </div>
  );
}

function SignInFirst() {
  const { returnTo } = useServices();
  const t = messages.value;
  const remember = (): void => {
    returnTo.value = "photos";
  };
  return (
    <div class="empty">
      <LockIcon />
      <p>{t.photos.signIn}</p>
      <div class="state__actions">
        <a class="button button--primary" href={hrefOf("sign-in")} onClick={remember}>
          {t.account.signIn}
        </a>
        <a class="button" href={hrefOf("sign-up")} onClick={remember}>
          {t.titles.signUp}
        </a>
      </div>
    </div>
  );
}

function Given() {
  const { history, session } = useServices();
  const t = messages.value;
  const state = history.state.value;
  const failure = history.failure.value;
  const isSignedIn = session.isSignedIn.value;
  const hasConnection = isOnline.value;

  useEffect(() => {
    if (!isSignedIn || !hasConnection) return;
    const refresh = (): void => {
      // Another window may have added or withdrawn meanwhile.
      if (document.visibilityState === "visible") void history.refresh();
    };
    refresh();
    document.addEventListener("visibilitychange", refresh);
    return () => document.removeEventListener("visibilitychange", refresh);
  }, [history, isSignedIn, hasConnection]);

  const items = state.kind === "ready" ? state.items : [];
  const opened = items.find((photo) => photo.photo_id === place.value.detail);
  return (
    <>
      {failure !== null && isOnline.value && (
        <div class="alert alert--row" role="alert">
          <AlertIcon />
          <ProblemText error={failure} />
          <button type="button" class="button button--small" onClick={() => void history.refresh()}>
            {t.photo.retry}
          </button>
        </div>
      )}
      {state.kind === "empty" && !isOnline.value && <Offline />}
      {state.kind === "empty" && isOnline.value && failure === null && <Skeleton />}
      {state.kind === "ready" && items.length === 0 && <NothingYet />}
      {items.length > 0 && (
        <>
          <p class="photos__lead">{t.photos.lead}</p>
          <ul class="grid" data-testid="photo-grid">
            {items.map((photo) => (
              <Tile key={photo.photo_id} photo={photo} />
            ))}
          </ul>
        </>
      )}
      {state.kind === "ready" && state.next !== null && (
        <button type="button" class="button photos__more" aria-disabled={history.isLoading.value} onClick={() => void history.more()}>
          {history.isLoading.value && <Spinner />}
          {t.photos.more}
        </button>
      )}
      {opened && <PhotoDialog key={opened.photo_id} photo={opened} onClose={() => close("photos")} />}
      {isSignedIn && <YourData />}
    </>
  );
}

function Tile({ photo }: { photo: Contribution }) {
  const t = messages.value.photos;
  const { label } = t.states[photo.status];
  return (
    <li>
      <a
        class={`tile tile--${photo.status}`}
        href={hrefOf("photos", photo.photo_id)}
        data-testid="tile"
        data-status={photo.status}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          go("photos", { detail: photo.photo_id });
        }}
      >
        <Thumbnail photo={photo} />
        <span class="tile__name">{titleOf(photo)}</span>
        <span class={`badge badge--${photo.status}`}>{label}</span>
        {photo.progress !== null && photo.status === "waiting_for_species" && (
          <span class="tile__progress">{t.short(String(photo.progress.photos), String(photo.progress.needed))}</span>
        )}
      </a>
    </li>
  );
}

function NothingYet() {
  const t = messages.value;
  return (
    <div class="empty">
      <CameraIcon />
      <p>{t.photos.none}</p>
      <a class="button button--primary" href={hrefOf("identify")}>
        {t.titles.identify}
      </a>
    </div>
  );
}

function Offline() {
  return (
    <div class="empty" role="status">
      <OfflineIcon />
      <p>{messages.value.photos.offline}</p>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="grid grid--waiting" aria-busy="true" aria-label={messages.value.photos.loading} role="status">
      {[0, 1, 2, 3, 4, 5].map((one) => (
        <span key={one} class="tile tile--blank" />
      ))}
    </div>
  );
}
