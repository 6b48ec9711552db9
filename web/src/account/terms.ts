/** What a person accepts at sign-up; recorded with the account. */

export const TERMS_VERSION = "2026-11";
export const LICENCE = "CC-BY-4.0";
