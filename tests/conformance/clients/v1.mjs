// The official client of the first SDK line: the handshake era. What it saw goes to standard output as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const asked = JSON.parse(process.argv[2]);
const headers = { Authorization: `Bearer ${asked.key}` };
const transport = asked.url
  ? new StreamableHTTPClientTransport(new URL(asked.url), { requestInit: { headers } })
  : new StdioClientTransport(asked.stdio);
const client = new Client({ name: "tillhand-test", version: "1" });
await client.connect(transport);
const { tools } = await client.listTools();
const stock = await client.callTool({ name: "check_inventory", arguments: { sku: "JEANS-M" } });
const refused = await client.callTool({ name: "check_inventory", arguments: { sku: 7 } });
const { prompts } = await client.listPrompts();
const address = await client.readResource({ uri: "tillhand://stock/JEANS-M" });
console.log(JSON.stringify({
  era: "handshake",
  tools: tools.map((tool) => tool.name),
  stock: stock.structuredContent,
  refused: refused.isError === true,
  prompts: prompts.map((prompt) => prompt.name),
  address: JSON.parse(address.contents[0].text),
}));
await client.close();
