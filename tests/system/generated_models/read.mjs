// Prints, as JSON, what Mermaid says of every diagram here and how many tokens every slim view and whole schema has.
import { readdirSync, readFileSync } from "node:fs";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import mermaid from "mermaid";

const told = { diagrams: {}, tokens: {} };
for (const file of readdirSync(".")) {
  const text = readFileSync.bind(null, file, "utf8");
  if (file.endsWith(".mmd")) {
    told.diagrams[file] = await mermaid.parse(text()).then((parsed) => parsed.diagramType, (error) => String(error));
  } else if (file.endsWith(".slim") || file.endsWith(".whole")) {
    told.tokens[file] = encode(text()).length;
  }
}
console.log(JSON.stringify(told));
