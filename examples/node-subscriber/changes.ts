// The effect of an event: a number goes up, which a second run of the same event would make wrong.
import type Database from "libsql";
import type { RecordChange } from "./contract.js";

export const TABLES = `
  CREATE TABLE IF NOT EXISTS changes (
    base TEXT, "table" TEXT, created INTEGER DEFAULT 0, updated INTEGER DEFAULT 0, deleted INTEGER DEFAULT 0,
    PRIMARY KEY (base, "table")
  )`;

const COLUMN = {
  "airtable-connector.record-created.v1": "created",
  "airtable-connector.record-updated.v1": "updated",
  "airtable-connector.record-deleted.v1": "deleted",
} as const;

export function count(db: Database.Database, event: RecordChange): void {
  const column = COLUMN[event.type];
  db.prepare(
    `INSERT INTO changes (base, "table", ${column}) VALUES (?, ?, 1)
     ON CONFLICT DO UPDATE SET ${column} = ${column} + 1`,
  ).run(event.data.base, event.data.table);
}
