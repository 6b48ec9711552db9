/** A family's outline where there is no reference picture yet: honest, and never another species' photo. */

interface SilhouetteProps {
  /** Name of the drawing in silhouettes/; null while it is not known. */
  name: string | null;
}

export function Silhouette({ name }: SilhouetteProps) {
  // As a mask, so that the drawing takes the page's colours, the dark ones too.
  const drawing = name === null ? null : `url("./silhouettes/${encodeURIComponent(name)}.svg")`;
  return (
    <span class="silhouette" aria-hidden="true" data-silhouette={name ?? undefined}>
      {drawing !== null && <span class="silhouette__drawing" style={{ maskImage: drawing }} />}
    </span>
  );
}
