// What is heard, in the platform's own words: `npm run generate` makes events.d.ts and events.json from its contracts.
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { PlatformEvent } from "./events.js";

const KINDS = [
  "airtable-connector.record-created.v1",
  "airtable-connector.record-deleted.v1",
  "airtable-connector.record-updated.v1",
] as const satisfies PlatformEvent["type"][];
export type RecordChange = Extract<PlatformEvent, { type: (typeof KINDS)[number] }>;
export const TOPICS = KINDS.map((kind) => kind.replace(/\.v\d+$/, ""));

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(JSON.parse(readFileSync(new URL("events.json", import.meta.url), "utf8")), "events");
const validators = new Map<unknown, ValidateFunction>(
  KINDS.map((kind) => [kind, ajv.compile({ $ref: `events#/components/messages/${kind}/payload` })]),
);

/** The event in `body`; or the problem with it, which no later try will mend. Fields nobody knows yet are welcome. */
export function parse(body: string): { event?: RecordChange; problem?: string } {
  let event: RecordChange;
  try {
    event = JSON.parse(body);
  } catch {
    return { problem: "not valid JSON" };
  }
  const valid = validators.get(event?.type);
  if (!valid) return { problem: `its type is ${event?.type}` };
  return valid(event) ? { event } : { problem: ajv.errorsText(valid.errors) };
}
