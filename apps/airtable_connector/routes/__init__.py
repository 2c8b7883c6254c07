"""HTTP in: Airtable's own routes (`v0`) and ours (`metadata`, `records`)."""
