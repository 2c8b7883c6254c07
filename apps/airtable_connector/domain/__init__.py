"""What is true of Airtable's API whoever calls it: queries, answers, refusals, limits, batches. No I/O."""
