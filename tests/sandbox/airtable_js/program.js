// What a program does with airtable.js: pages, formulas, upsert by update, batches, links, names and ids.
const assert = require("node:assert/strict");
const Airtable = require("airtable");

const [endpointUrl, apiKey, baseId, nameOfDeals, idOfDeals, idOfStage] = process.argv.slice(2);
const base = new Airtable({ endpointUrl, apiKey }).base(baseId);

async function main() {
  const contacts = await base("Contacts").select({ pageSize: 75, fields: ["Name"] }).all();
  assert.equal(contacts.length, 400);
  let pages = 0;
  await base("Contacts").select({ pageSize: 100 }).eachPage((records, next) => { pages += 1; next(); });
  assert.equal(pages, 4);

  for (const deals of [base(nameOfDeals), base(idOfDeals)]) {
    const won = await deals.select({ filterByFormula: "{Stage} = 'Won'", sort: [{ field: "Amount", direction: "desc" }] }).all();
    assert.ok(won.length > 0 && won.every((deal) => deal.get("Stage") === "Won"));
    const byId = await deals.select({ returnFieldsByFieldId: true, maxRecords: 1, filterByFormula: "{Stage} = 'Won'" }).all();
    assert.equal(byId[0].fields[idOfStage], "Won");
  }

  const deals = base(nameOfDeals);
  const made = await deals.create(Array.from({ length: 10 }, (_, i) => ({ fields: { Name: `js ${i}`, Amount: i } })));
  assert.equal(made.length, 10);
  const long = `OR(${Array(900).fill(`RECORD_ID() = '${made[0].id}'`).join(", ")})`;
  assert.equal((await deals.select({ filterByFormula: long }).all()).length, 1);
  const changed = await deals.update(made.map((deal) => ({ id: deal.id, fields: { Amount: 7 } })));
  assert.ok(changed.every((deal) => deal.get("Amount") === 7));
  const [company] = await base("Companies").select({ maxRecords: 1 }).all();
  await deals.update(made[0].id, { Company: [company.id] });
  assert.deepEqual((await deals.find(made[0].id)).get("Company"), [company.id]);
  const replaced = await deals.replace(made[0].id, { Name: "alone" });
  assert.equal(replaced.get("Company"), undefined);
  await assert.rejects(deals.create({ Nothing: 1 }), { error: "UNKNOWN_FIELD_NAME", statusCode: 422 });
  await assert.rejects(deals.find("recAAAAAAAAAAAAAA"), { statusCode: 404 });
  assert.equal((await deals.destroy(made.map((deal) => deal.id))).length, 10);
  console.log("all of it answered as Airtable would");
}

main().catch((error) => { console.error(error); process.exit(1); });
