// The library a JavaScript team already uses; only its endpoint and key differ.
const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const Airtable = require("airtable");

const [endpointUrl, apiKey, baseId, tableName, nameField, choiceField] = process.argv.slice(2);
const table = new Airtable({ apiKey, endpointUrl }).base(baseId)(tableName);

async function journey() {
  const everything = await table.select().all();
  const choice = everything.find((record) => record.get(choiceField)).get(choiceField);
  const filtered = await table.select({ filterByFormula: `{${choiceField}} = '${choice}'` }).all();
  const wanted = everything.filter((record) => record.get(choiceField) === choice);
  assert.deepEqual(new Set(filtered.map((one) => one.id)), new Set(wanted.map((one) => one.id)));

  const name = `Demo ${randomUUID()}`;
  const [created] = await table.create([{ fields: { [nameField]: name } }]);
  const updated = await table.update(created.id, { [nameField]: `${name} renamed` });
  assert.equal(updated.get(nameField), `${name} renamed`);
  assert.equal((await table.find(created.id)).get(nameField), `${name} renamed`);
  await table.destroy([created.id]);
  await assert.rejects(table.find(created.id), (error) => error.statusCode === 404 || error.statusCode === 403);
  console.log(`${everything.length} records, ${filtered.length} filtered, ${created.id} created, updated and deleted`);
}

journey().catch((error) => {
  console.error(error);
  process.exit(1);
});
