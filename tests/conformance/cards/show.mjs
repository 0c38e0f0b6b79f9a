// Runs a card's own script before a page of paper, and writes what it showed and what it said to its host.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [page, results] = [readFileSync(process.argv[2], "utf8"), JSON.parse(process.argv[3])];
const script = page.match(/<script>([\s\S]*)<\/script>/)[1];
const address = page.match(/<meta name="console" content="([^"]*)">/)[1];

class Element {
  constructor(name) { Object.assign(this, { name, children: [], attributes: {}, style: { setProperty() {} } }); }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.children = more; }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(_, heard) { this.click = heard; }
  getBoundingClientRect() { return { height: 10 }; }
  text() { return [this.textContent, ...this.children.map((child) => child.text())].filter(Boolean).join("\n"); }
  find(name) { return this.name === name ? this : this.children.map((child) => child.find(name)).find(Boolean); }
}

const told = [];
for (const result of results) {
  const [main, said] = [new Element("main"), []];
  const parent = { postMessage: (message) => said.push(message) };
  let listener;
  const document = {
    createElement: (name) => new Element(name),
    createElementNS: (_, name) => new Element(name),
    documentElement: new Element("html"),
    querySelector: (asked) => (asked === "main" ? main : { content: address }),
  };
  const window = { parent, addEventListener: (_, heard) => { listener = heard; } };
  vm.runInNewContext(script, { document, window });
  const hear = (source, data) => listener({ source, data: { jsonrpc: "2.0", ...data } });
  hear(parent, { id: 1, result: { hostCapabilities: { openLinks: {} } } });
  await new Promise(setImmediate);
  hear(parent, { method: "ui/notifications/tool-result", params: result });
  hear({}, { method: "ui/notifications/tool-result", params: { isError: true } }); // a stranger's message
  main.find("button")?.click();
  told.push({ shown: main.text(), drawn: main.find("path")?.attributes.d ?? "", said });
}
console.log(JSON.stringify(told));
