// Speaks to the host that shows this card. It never calls a tool: what a card could do, a model could do through it.
const host = window.parent;
const waiting = new Map();
let last = 0;
let opens = false;

function ask(method, params) {
  return new Promise((done, fail) => {
    waiting.set(++last, { done, fail });
    host.postMessage({ jsonrpc: "2.0", id: last, method, params }, "*");
  });
}

function tell(method, params) {
  host.postMessage({ jsonrpc: "2.0", method, params }, "*");
}

function element(name, text, style) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (style) made.className = style;
  return made;
}

function money(amount) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency: amount.currency });
  return format.format(amount.minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function moment(text) {
  return new Date(text).toLocaleString();
}

// A person answers on the console, signed in as themselves. Nothing in a card is an answer.
function toConsole(approval) {
  const where = document.querySelector("meta[name=console]").content;
  if (!where) return element("p", "A manager answers it on the console page.", "quiet");
  const address = `${where}#${encodeURIComponent(approval)}`;
  if (!opens) return element("p", `A manager answers it here: ${address}`, "quiet");
  const button = element("button", "Open the console");
  button.addEventListener("click", () => ask("ui/open-link", { url: address }).catch(() => {
    button.replaceWith(element("p", address, "quiet"));
  }));
  return button;
}

function fit() {
  tell("ui/notifications/size-changed", { height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
}

function heard(message) {
  if (message.method === undefined && waiting.has(message.id)) {
    const { done, fail } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) fail(new Error(message.error.message));
    else done(message.result);
  } else if (message.method === "ui/notifications/tool-result") {
    const body = document.querySelector("main");
    body.replaceChildren(...show(message.params));
    fit();
  } else if (message.id !== undefined && ["ping", "ui/resource-teardown"].includes(message.method)) {
    host.postMessage({ jsonrpc: "2.0", id: message.id, result: {} }, "*");
  }
}

function refused(result) {
  const text = (result.content || []).find((block) => block.type === "text");
  try {
    return [element("p", JSON.parse(text.text).error.message)];
  } catch {
    return [element("p", "There is nothing to show.")];
  }
}

window.addEventListener("message", (event) => {
  if (event.source === host && event.data && event.data.jsonrpc === "2.0") heard(event.data);
});

ask("ui/initialize", {
  appInfo: { name: "tillhand", version: "1" },
  appCapabilities: { availableDisplayModes: ["inline"] },
  protocolVersion: "2026-01-26",
}).then((answer) => {
  opens = Boolean(answer.hostCapabilities && answer.hostCapabilities.openLinks);
  const context = answer.hostContext || {};
  if (context.theme) document.documentElement.style.colorScheme = context.theme;
  for (const [name, value] of Object.entries((context.styles && context.styles.variables) || {})) {
    if (name.startsWith("--") && value) document.documentElement.style.setProperty(name, value);
  }
  tell("ui/notifications/initialized", {});
  fit();
}).catch(() => {});
