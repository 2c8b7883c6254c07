// The demo's journey, typed by what was generated from /openapi.json: a wrong path, parameter or field does not compile.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./platform.js";

const [url, key, base, table, nameField, choiceField] = process.argv.slice(2) as string[];
const platform = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${key}` } });
const RECORDS = "/api/v1/bases/{base}/tables/{table}/records";
const place = { base, table };

async function every(filter?: string): Promise<components["schemas"]["Record"][]> {
  const all: components["schemas"]["Record"][] = [];
  let cursor: string | undefined;
  do {
    const { data, error } = await platform.GET(RECORDS, { params: { path: place, query: { filter, cursor } } });
    assert(data, JSON.stringify(error));
    all.push(...data.items);
    cursor = data.next ?? undefined;
  } while (cursor);
  return all;
}

const bases = await platform.GET("/api/v1/bases");
assert(bases.data && bases.data.items.some((one) => one.id === base));

const everything = await every();
const choice = everything.find((record) => record.fields[choiceField])?.fields[choiceField];
const filtered = await every(`{${choiceField}} = '${choice}'`);
const wanted = everything.filter((record) => record.fields[choiceField] === choice);
assert.deepEqual(new Set(filtered.map((record) => record.id)), new Set(wanted.map((record) => record.id)));

const name = `Demo ${randomUUID()}`;
const body = { merge_on: [nameField], records: [{ fields: { [nameField]: name } }] };
const upserted = await platform.POST(`${RECORDS}/upsert`, { params: { path: place }, body });
assert.equal(upserted.data?.created.length, 1, JSON.stringify(upserted.error));
const record = upserted.data.created[0];
const path = { ...place, record };
const updated = await platform.PATCH(`${RECORDS}/{record}`, {
  params: { path },
  body: { fields: { [nameField]: `${name} renamed` } },
});
assert.equal(updated.data?.fields[nameField], `${name} renamed`, JSON.stringify(updated.error));
const removed = await platform.DELETE(`${RECORDS}/{record}`, { params: { path } });
assert(!removed.error, JSON.stringify(removed.error));

const gone = await platform.GET(`${RECORDS}/{record}`, { params: { path } });
const problem = gone.error as components["schemas"]["Problem"];
assert.equal(gone.response.status, 404);
assert.equal(problem.code, "airtable.not-found");
console.log(`${everything.length} records, ${filtered.length} filtered, ${record} upserted, updated and deleted`);
