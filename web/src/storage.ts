/** What the browser keeps between visits; a browser that refuses (private windows, full disks) keeps nothing. */

export function readKept(key: string, area: () => Storage = () => localStorage): string | null {
  try {
    return area().getItem(key);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

export function writeKept(key: string, value: string | null, area: () => Storage = () => localStorage): void {
  try {
    if (value === null) area().removeItem(key);
    else area().setItem(key, value);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
