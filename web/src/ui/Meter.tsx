/** How far something is, as a bar beside words that say the same. */

interface MeterProps {
  /** 0 to 1. */
  fraction: number;
  children: string;
}

export function Meter({ fraction, children }: MeterProps) {
  return (
    <div class="meter">
      <p>{children}</p>
      <div class="track" aria-hidden="true">
        <span style={{ width: `${Math.min(1, Math.max(0.02, fraction)) * 100}%` }} />
      </div>
    </div>
  );
}
