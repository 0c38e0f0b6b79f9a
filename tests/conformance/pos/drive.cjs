// A register around the extension's own background script: it is given a cart, loses its line, and completes a sale.
// node drive.cjs COMPILED_BACKGROUND TOKEN CART... ; prints what the script kept and the questions it asked.
const [background, token, first, second] = process.argv.slice(2);

function signal(value) {
  const heard = new Set();
  return {
    get value() {
      return value;
    },
    set(next) {
      value = next;
      for (const each of heard) each(next);
    },
    subscribe(each) {
      heard.add(each);
      return () => heard.delete(each);
    },
  };
}

const stored = new Map();
const events = {};
const cart = signal({ lineItems: [], subtotal: '0', properties: {}, cartDiscounts: [] });
const connectivity = signal({ internetConnected: 'Connected' });
globalThis.shopify = {
  cart: { current: cart },
  connectivity: { current: connectivity },
  session: {
    deviceId: 4711,
    currentSession: { locationId: Number(process.env.LOCATION), currency: 'USD' },
    getSessionToken: async () => token,
  },
  storage: {
    get: async (name) => stored.get(name),
    set: async (name, value) => void stored.set(name, structuredClone(value)),
    delete: async (name) => stored.delete(name),
    entries: async () => [...stored.entries()],
  },
  addEventListener: (name, heard) => (events[name] = heard),
};

const asked = [];
const send = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  if (connectivity.value.internetConnected !== 'Connected') throw new TypeError('no line');
  asked.push({ door: url.split('/').pop(), body: JSON.parse(options.body) });
  return send(url, options);
};

async function until(what, holds) {
  const end = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await new Promise((go) => setTimeout(go, 20));
  }
}

const outbox = () => [...stored.keys()].filter((name) => name.startsWith('tillhand.outcome.'));

(async () => {
  require(background).default();
  cart.set(JSON.parse(first));
  await until('an answer', () => stored.get('tillhand.answer')?.stale === false);
  const answer = stored.get('tillhand.answer').told;

  cart.set({ ...cart.value, properties: { note: 'x' }, cartDiscounts: [{ amount: 1 }] }); // no other basket
  cart.set(JSON.parse(second));
  await until('the second answer', () => stored.get('tillhand.answer')?.told.revision === 2);
  const again = stored.get('tillhand.answer').told;

  connectivity.set({ internetConnected: 'Disconnected' });
  await until('a stale answer', () => stored.get('tillhand.answer')?.stale === true);
  const questions = asked.length;
  await events.transactioncomplete({
    transactionType: 'Sale',
    orderId: 7001,
    discounts: [{ amount: 1, discountDescription: answer.offer.code }],
  });
  await until('an outcome kept', () => outbox().length === 1 && !stored.has('tillhand.answer'));
  const batch = stored.get('tillhand.beforehand').offers;
  const line = { ...JSON.parse(first).lineItems[0], variantId: Number(batch[0].variants[0]) };
  cart.set({ ...cart.value, lineItems: [line] }); // the next sale, with nobody to ask
  await until('an offer approved beforehand', () => stored.get('tillhand.answer')?.told.offer);
  const made = stored.get('tillhand.answer').told;
  await events.transactioncomplete({
    transactionType: 'Sale',
    orderId: 7002,
    discounts: [{ amount: 1, discountDescription: `Tillhand ${made.offer.code}` }],
  });
  await until('a second outcome kept', () => outbox().length === 2 && !stored.has('tillhand.answer'));
  stored.set('tillhand.used', [batch[0].code]);
  cart.set({ ...cart.value, lineItems: [{ ...line, quantity: 2 }] });
  await until('a sale begun', () => stored.get('tillhand.sale')?.lines[0]?.quantity === 2);
  await new Promise((go) => setTimeout(go, 50));
  const offline = {
    kept: outbox().length,
    questions: asked.length - questions,
    made: made.offer.code,
    decision: made.decision,
    again: stored.has('tillhand.answer'),
  };

  cart.set({ lineItems: [], subtotal: '0', properties: {}, cartDiscounts: [] });
  connectivity.set({ internetConnected: 'Connected' });
  await until('an empty outbox', () => outbox().length === 0);
  const before = [...asked];
  const doors = (name) => asked.filter((each) => each.door === name).length;
  const pause = (ms) => new Promise((go) => setTimeout(go, ms));

  const later = {};
  connectivity.set({ internetConnected: 'Disconnected' });
  stored.delete('tillhand.used');
  cart.set({ ...cart.value, lineItems: [line], customer: { id: 5 } });
  await until('a sale of somebody known', () => stored.get('tillhand.sale')?.customer === '5');
  await pause(50);
  later.known = stored.has('tillhand.answer');
  cart.set({ ...cart.value, customer: undefined });
  await until('an offer for somebody unknown', () => stored.get('tillhand.answer')?.told.offer);
  cart.set({ ...cart.value, customer: { id: 5 } });
  await until('the offer to be gone', () => !stored.has('tillhand.answer'));
  cart.set({ ...cart.value, customer: undefined });
  await until('the offer to be back', () => stored.get('tillhand.answer')?.told.offer);

  const open = stored.get('tillhand.answer'); // as the modal leaves it when the money is off
  stored.set('tillhand.answer', { ...open, told: { ...open.told, offer: { ...open.told.offer, applied: true } } });
  const decisions = doors('decision');
  connectivity.set({ internetConnected: 'Connected' });
  cart.set({ ...cart.value, lineItems: [line, { ...line, uuid: 'another', quantity: 2 }] });
  await pause(600);
  later.decided = doors('decision') - decisions;
  later.held = stored.get('tillhand.answer')?.told.offer?.code === open.told.offer.code;
  await events.transactioncomplete({ transactionType: 'Sale', orderId: 7003, discounts: [] });
  cart.set({ ...cart.value, lineItems: [line] });
  await until('the next sale decided', () => doors('decision') > decisions);

  const restocked = async (kept) => {
    stored.set('tillhand.beforehand', kept);
    const count = doors('beforehand');
    connectivity.set({ internetConnected: 'Connected' });
    await pause(200);
    return doors('beforehand') - count;
  };
  const hour = 3_600_000;
  const ended = batch.map((each) => ({ ...each, valid_until: new Date(Date.now() - 1).toISOString() }));
  later.stocked = [
    await restocked({ offers: [], asked: Date.now() - hour + 60_000 }),
    await restocked({ offers: batch, asked: Date.now() - hour + 60_000 }),
    await restocked({ offers: [], asked: Date.now() - hour }),
    await restocked({ offers: ended, asked: Date.now() }),
  ];
  process.stdout.write(JSON.stringify({ answer, again, offline, later, asked: before }));
  process.exit(0);
})().catch((error) => {
  process.stderr.write(String(error.stack));
  process.exit(1);
});
