// The platform's events, as it describes them, become TypeScript types: node generate.mjs [path of asyncapi.json]
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const described = process.argv[2] ?? "../../contracts/schemas/asyncapi.json";
const untitled = (name, value) => (name === "title" && typeof value === "string" ? undefined : value); // else a type each
const { components } = JSON.parse(readFileSync(described, "utf8"), untitled);
const kinds = Object.values(components.messages);
const schema = {
  title: "PlatformEvent",
  oneOf: kinds.map(({ name, payload }) => ({ title: name, ...payload })),
  components, // what the payloads refer to
};
writeFileSync("events.d.ts", await compile(schema, "PlatformEvent"));
copyFileSync(described, "events.json"); // what comes is checked against it
