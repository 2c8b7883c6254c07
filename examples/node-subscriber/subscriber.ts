// Hears every change of a record and counts them by table. Dapr's sidecar brings the events over plain HTTP.
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { count } from "./changes.js";
import { TOPICS, parse } from "./contract.js";
import { Store } from "./store.js";

const LARGEST = 1024 * 1024; // bytes; the platform's own events have a quarter of it
const SUBSCRIPTIONS = TOPICS.map((topic) => ({
  pubsubname: "bus",
  topic,
  routes: { default: `/events/${topic}` },
  deadLetterTopic: "dead-letters.node-subscriber",
}));
// What the sidecar is told: done; bring it again; never bring it again, put it to the dead letters.
const DONE = 204, AGAIN = 503, NEVER = 404;

const token = Buffer.from(process.env.APP_API_TOKEN ?? "");
if (!token.length) throw new Error("APP_API_TOKEN is not set: anybody could bring events");
const store = new Store(process.env.DATABASE ?? "data/changes.db");

function fromSidecar(request: IncomingMessage): boolean {
  const given = Buffer.from(String(request.headers["dapr-api-token"] ?? ""));
  return given.length === token.length && timingSafeEqual(given, token);
}

async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST) chunks.push(chunk);
  }
  return size <= LARGEST ? Buffer.concat(chunks).toString("utf8") : null;
}

function handle(body: string | null): number {
  const { event, problem } = body === null ? { problem: `more than ${LARGEST} bytes` } : parse(body);
  if (!event) {
    say({ outcome: "dropped", problem });
    return NEVER;
  }
  const about = { id: event.id, type: event.type, subject: event.subject, trace: event.traceparent?.split("-")[1] };
  try {
    const ran = store.once(event.id, (db) => count(db, event));
    say({ outcome: ran ? "counted" : "known already", ...about });
    return DONE;
  } catch (error) {
    say({ outcome: "later", problem: String(error), ...about });
    return AGAIN;
  }
}

function say(line: object): void {
  console.log(JSON.stringify(line));
}

const server = createServer(async (request, response) => {
  const answer = (status: number, body?: unknown) => {
    response.writeHead(status, body ? { "content-type": "application/json" } : {});
    response.end(body ? JSON.stringify(body) : undefined);
  };
  if (request.url === "/healthz") answer(200);
  else if (!fromSidecar(request)) answer(401);
  else if (request.url === "/dapr/subscribe") answer(200, SUBSCRIPTIONS);
  else if (request.method === "POST" && request.url?.startsWith("/events/")) answer(handle(await read(request)));
  else answer(404);
});

server.listen(Number(process.env.APP_PORT ?? 8090), "127.0.0.1", () => say({ listening: server.address() }));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => store.close());
    server.closeIdleConnections();
  });
}
