// What a program does with airtable.js: pages, formulas, batches, links and attachments by its own methods; comments,
// uploads, upserts, webhooks and schema writes by its `makeRequest`, as it has no methods for them (nor an ORM).
// It runs once with names and once with ids of tables and fields.
const assert = require("node:assert/strict");
const Airtable = require("airtable");

const [endpointUrl, apiKey, baseId, fileUrl, keys] = process.argv.slice(2);
const { tables, fields, byId } = JSON.parse(keys);
const airtable = new Airtable({ endpointUrl, apiKey });
const base = airtable.base(baseId);
// The first part of a path is what the library takes for a base.
const [meta, bases] = [airtable.base("meta"), airtable.base("bases")];
const shown = byId ? { returnFieldsByFieldId: true } : {};

async function raw(at, method, path, body, qs) {
  const answer = await at.makeRequest({ method, path, body, qs });
  assert.equal(answer.statusCode, 200);
  return answer.body;
}

async function pagesAndFormulas() {
  const contacts = base(tables.Contacts);
  assert.equal((await contacts.select({ pageSize: 75, fields: [fields.Email], ...shown }).all()).length, 400);
  let pages = 0;
  await contacts.select({ pageSize: 100 }).eachPage((records, next) => { pages += 1; next(); });
  assert.equal(pages, 4);
  const sort = [{ field: fields.Amount, direction: "desc" }];
  const won = await base(tables.Deals).select({ filterByFormula: "{Stage} = 'Won'", sort, ...shown }).all();
  assert.ok(won.length > 0 && won.every((deal) => deal.get(fields.Stage) === "Won"));
}

async function batchesUpsertsAndLinks() {
  const deals = base(tables.Deals);
  const many = Array.from({ length: 10 }, (_, i) => ({ fields: { [fields.Name]: `js ${i}`, [fields.Amount]: i } }));
  const made = await deals.create(many);
  assert.equal(made.length, 10);
  const long = `OR(${Array(900).fill(`RECORD_ID() = '${made[0].id}'`).join(", ")})`;
  assert.equal((await deals.select({ filterByFormula: long }).all()).length, 1);
  const changed = await deals.update(made.map((deal) => ({ id: deal.id, fields: { [fields.Amount]: 7 } })));
  assert.ok(changed.every((deal) => deal.get("Amount") === 7));
  const upsert = {
    performUpsert: { fieldsToMergeOn: [fields.Name] }, ...shown,
    records: ["js 1", "js new"].map((name) => ({ fields: { [fields.Name]: name, [fields.Amount]: 8 } })),
  };
  const upserted = await raw(base, "patch", `/${tables.Deals}`, upsert);
  assert.deepEqual(upserted.updatedRecords, [made[1].id]);
  assert.equal(upserted.createdRecords.length, 1);
  assert.ok(upserted.records.every((deal) => deal.fields[fields.Amount] === 8));
  const [company] = await base(tables.Companies).select({ maxRecords: 1 }).all();
  await deals.update(made[0].id, { [fields.Company]: [company.id] });
  assert.deepEqual((await deals.find(made[0].id)).get("Company"), [company.id]);
  assert.ok((await base(tables.Companies).find(company.id)).get("Deals").includes(made[0].id));
  const replaced = await deals.replace(made[0].id, { [fields.Name]: "alone" });
  assert.equal(replaced.get("Company"), undefined);
  await assert.rejects(deals.create({ Nothing: 1 }), { error: "UNKNOWN_FIELD_NAME", statusCode: 422 });
  await assert.rejects(deals.find("recAAAAAAAAAAAAAA"), { statusCode: 404 });
  const gone = [...made.map((deal) => deal.id).slice(1), upserted.createdRecords[0]];
  assert.equal((await deals.destroy(gone)).length, 10);
  await deals.destroy(made[0].id);
}

async function comments() {
  const [deal] = await base(tables.Deals).select({ maxRecords: 1 }).all();
  const path = `/${tables.Deals}/${deal.id}/comments`;
  const before = (await raw(base, "get", path)).comments.length;
  const me = (await raw(meta, "get", "/whoami")).id;
  const first = await raw(base, "post", path, { text: `Ask @[${me}]` });
  assert.deepEqual([first.author.id, Object.keys(first.mentioned)], [me, [me]]);
  const reply = await raw(base, "post", path, { text: "Done", parentCommentId: first.id });
  assert.equal((await raw(base, "patch", `${path}/${reply.id}`, { text: "Done." })).text, "Done.");
  const newest = (await raw(base, "get", path, undefined, { pageSize: 2 })).comments;
  assert.deepEqual(newest.map((comment) => comment.parentCommentId), [first.id, undefined]);
  assert.deepEqual(await raw(base, "delete", `${path}/${first.id}`), { id: first.id, deleted: true });
  assert.equal((await raw(base, "get", path)).comments.length, before);
}

async function attachments() {
  const table = base(tables.Files);
  const made = await table.create({ [fields.File]: [{ url: fileUrl, filename: "a.txt" }] });
  assert.equal(made.get("File")[0].filename, "a.txt");
  const upload = { contentType: "text/plain", filename: "b.txt", file: Buffer.from("hello").toString("base64") };
  const done = await raw(base, "post", `/${made.id}/${fields.File}/uploadAttachment`, upload);
  const [files] = Object.values(done.fields);
  assert.deepEqual(files.map((file) => file.filename), ["a.txt", "b.txt"]);
  assert.equal(await (await fetch(files[1].url)).text(), "hello");
  const kept = await table.update(made.id, { [fields.File]: [{ id: files[1].id }] });
  assert.deepEqual(kept.get("File").map((file) => file.id), [files[1].id]);
}

async function schemaWritesAndWebhooks() {
  const name = byId ? "Visits by id" : "Visits by name";
  const path = `/bases/${baseId}/tables`;
  const table = await raw(meta, "post", path, { name, fields: [{ name: "Name", type: "singleLineText" }] });
  const size = await raw(meta, "post", `${path}/${table.id}/fields`, {
    name: "Size", type: "number", options: { precision: 0 },
  });
  await raw(meta, "patch", `${path}/${table.id}/fields/${size.id}`, { description: "of the party" });
  await raw(meta, "patch", `${path}/${table.id}`, { description: "of customers" });
  const listed = (await raw(meta, "get", path)).tables.find((each) => each.id === table.id);
  assert.deepEqual([listed.description, listed.fields[1].description], ["of customers", "of the party"]);
  const filters = { dataTypes: ["tableData"], recordChangeScope: table.id };
  const hook = await raw(bases, "post", `/${baseId}/webhooks`, { specification: { options: { filters } } });
  const visits = base(byId ? table.id : name);
  const visit = await visits.create({ [byId ? size.id : "Size"]: 3 });
  await visits.destroy(visit.id);
  const told = await raw(bases, "get", `/${baseId}/webhooks/${hook.id}/payloads`, undefined, { cursor: 1 });
  const [created, destroyed] = told.payloads.map((payload) => payload.changedTablesById[table.id]);
  assert.equal(created.createdRecordsById[visit.id].cellValuesByFieldId[size.id], 3);
  assert.deepEqual([destroyed.destroyedRecordIds, told.cursor], [[visit.id], 3]);
  await raw(bases, "delete", `/${baseId}/webhooks/${hook.id}`);
}

async function main() {
  await pagesAndFormulas();
  await batchesUpsertsAndLinks();
  await comments();
  await attachments();
  await schemaWritesAndWebhooks();
  console.log("all of it answered as Airtable would");
}

main().catch((error) => { console.error(error); process.exit(1); });
