/** What the admin part says, in the language in use. Apart from the page's other words, since few people read it. */
import { computed } from "@preact/signals";
import { language } from "../../i18n";
import { en, type AdminWords } from "./en";
import { fr } from "./fr";

export const words = computed<AdminWords>(() => (language.value === "fr" ? fr : en));
