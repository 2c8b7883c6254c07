// SQLite, because an effect and the note that it happened must be one transaction: that is all "exactly once" is.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import { TABLES } from "./changes.js";

const PATIENCE = 5; // seconds to wait for another writer
const KEPT = 7; // days an event is remembered, longer than anybody brings it again

export class Store {
  private readonly db: Database.Database;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.db = new Database(file, { timeout: PATIENCE * 1000 });
    this.db.pragma("journal_mode = WAL");
    this.db.pragma("synchronous = FULL"); // what is committed is on the disk
    this.db.exec("CREATE TABLE IF NOT EXISTS inbox (event_id TEXT PRIMARY KEY, handled_at INTEGER DEFAULT (unixepoch()))");
    this.db.exec(TABLES);
    this.db.exec("CREATE INDEX IF NOT EXISTS inbox_handled_at ON inbox (handled_at)");
    this.forget();
    setInterval(() => this.forget(), 3_600_000).unref();
  }

  /** Run `effect` and note the event, both or neither; false when it was noted before. */
  once(eventId: string, effect: (db: Database.Database) => void): boolean {
    const run = this.db.transaction(() => {
      const { changes } = this.db.prepare("INSERT INTO inbox (event_id) VALUES (?) ON CONFLICT DO NOTHING").run(eventId);
      if (changes) effect(this.db);
      return changes > 0;
    });
    return run.immediate();
  }

  close(): void {
    this.db.close();
  }

  private forget(): void {
    this.db.prepare("DELETE FROM inbox WHERE handled_at < unixepoch() - ?").run(KEPT * 86_400);
  }
}
