// The official client of the second SDK line, in the era it is told to speak. What it saw goes to standard output.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const asked = JSON.parse(process.argv[2]);
const headers = { Authorization: `Bearer ${asked.key}` };
const transport = asked.url
  ? new StreamableHTTPClientTransport(new URL(asked.url), { requestInit: { headers } })
  : new StdioClientTransport(asked.stdio);
const options = asked.modern ? { versionNegotiation: { mode: "auto" } } : {};
const client = new Client({ name: "tillhand-test", version: "1" }, options);
await client.connect(transport);
const { tools } = await client.listTools();
const stock = await client.callTool({ name: "check_inventory", arguments: { sku: "JEANS-M" } });
const refused = await client.callTool({ name: "check_inventory", arguments: { sku: 7 } });
const { prompts } = await client.listPrompts();
const address = await client.readResource({ uri: "tillhand://stock/JEANS-M" });
console.log(JSON.stringify({
  era: client.getNegotiatedProtocolVersion() === "2026-07-28" ? "modern" : "handshake",
  tools: tools.map((tool) => tool.name),
  stock: stock.structuredContent,
  refused: refused.isError === true,
  prompts: prompts.map((prompt) => prompt.name),
  address: JSON.parse(address.contents[0].text),
}));
await client.close();
