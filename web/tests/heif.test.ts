// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutMetadata } from "../src/identify/heif";

const SEEDS = new URL("../../tests/hostile/seeds/", import.meta.url);
const EXIF = /Exif\0\0(MM|II)/;
const names = readdirSync(SEEDS).filter((name) => /\.(heic|avif)$/.test(name));

function seed(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(name, SEEDS)));
}

async function blanked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  const blob = await withoutMetadata(new Blob([bytes]));
  return blob === null ? null : new Uint8Array(await blob.arrayBuffer());
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

describe("a HEIC or AVIF photo that the browser can't decode", () => {
  it.each(names)("keeps its picture and loses its metadata: %s", async (name) => {
    const before = seed(name);
    const after = await blanked(before);
    expect(after?.length).toBe(before.length);
    const [was, is] = [textOf(before), textOf(after ?? new Uint8Array())];
    expect(is).not.toContain("Seedmaker");
    expect(is).not.toMatch(EXIF);
    if (!EXIF.test(was)) expect(is).toBe(was);
  });

  it("has metadata to lose, or the test above says nothing", () => {
    expect(names.filter((name) => textOf(seed(name)).includes("Seedmaker")).length).toBeGreaterThan(4);
  });

  it("loses what stands in boxes that no picture needs", async () => {
    const secret = "47.2 N 8.5 E";
    const box = new Uint8Array([0, 0, 0, 8 + secret.length, ...new TextEncoder().encode(`uuid${secret}`)]);
    const after = await blanked(new Uint8Array([...seed("plain.heic"), ...box]));
    expect(after?.length).toBe(seed("plain.heic").length + box.length);
    expect(textOf(after ?? new Uint8Array())).not.toContain(secret);
  });

  it("is not sent when its metadata can't be found for sure", async () => {
    expect(await blanked(new TextEncoder().encode("no photo at all"))).toBeNull();
    expect(await blanked(seed("plain.heic").subarray(0, 40).slice())).toBeNull();
  });

  it("never makes the page stumble, wherever it is cut or whichever byte is wrong", async () => {
    const whole = seed("orientation-6.heic");
    for (let at = 0; at < whole.length; at += 1) {
      const cut = await blanked(whole.slice(0, at));
      const bent = whole.slice();
      bent[at] = 255 - (bent[at] ?? 0);
      const result = await blanked(bent);
      expect([null, at]).toContain(cut === null ? null : cut.length);
      expect([null, whole.length]).toContain(result === null ? null : result.length);
    }
  });
});
