import { defineConfig } from "vitest/config";

// The published policy has no room for the development server's inline client, so that server goes without it.
const withoutPolicyInDevelopment = {
  name: "without-policy-in-development",
  apply: "serve" as const,
  transformIndexHtml: (html: string): string => html.replace(/\s*<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ""),
};

export default defineConfig({
  base: "./",
  plugins: [withoutPolicyInDevelopment],
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    // Each would be inlined as a script or a data: address, and the policy allows neither.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { host: "127.0.0.1" },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
