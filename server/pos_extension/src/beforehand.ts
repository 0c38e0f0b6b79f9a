// Offers approved beforehand: had while there is a line, and made, each once, while there is none.
import { ask } from './ask';
import { keep, read, type Sale } from './kept';
import type { DecisionTold, OfferTold } from './protocol';
import type { Register } from './register';

const ANEW_MS = 3_600_000; // the same batch all day long; after midnight another one

/** Have today's batch ready. Without a line the kept one stays. */
export async function stock(at: Register): Promise<void> {
  const kept = await read(at, 'tillhand.beforehand');
  const over = kept !== undefined && kept.offers.length > 0 && !kept.offers.some(holds);
  if (kept && !over && Date.now() - kept.asked < ANEW_MS) return; // also where there was nothing to hand out
  const answer = await ask(at, 'beforehand', {});
  if ('told' in answer) await keep(at, 'tillhand.beforehand', { offers: answer.told.offers, asked: Date.now() });
}

/**
 * The offer for a basket nobody can be asked about, as an answer: on goods that lie in it, and not made before. To whom
 * nothing is offered, so that uplift can be measured, the server alone knows: a known customer is offered nothing here.
 */
export async function offerFor(at: Register, sale: Sale): Promise<DecisionTold | undefined> {
  if (sale.customer) return undefined;
  const kept = await read(at, 'tillhand.beforehand');
  const used = (await read(at, 'tillhand.used')) ?? [];
  const lying = new Set(sale.lines.map((line) => line.variant));
  const offer = kept?.offers.find(
    (each) => holds(each) && !used.includes(each.code) && each.variants.every((variant) => lying.has(variant)),
  );
  if (!kept || !offer) return undefined;
  return {
    basket: sale.basket,
    revision: sale.revision,
    transaction: '',
    status: 'offered',
    decision: '', // the server knows it by its code
    offer: { ...offer, in_basket: true },
    approvers: [],
    why: null,
    scan: null,
    partial: true,
    receipt: '',
    as_of: new Date(kept.asked).toISOString(),
  };
}

/** An offer is on a basket: it is not made again, though no server could say so yet. */
export async function spend(at: Register, code: string): Promise<void> {
  const codes = new Set((await read(at, 'tillhand.beforehand'))?.offers.map((each) => each.code));
  const used = ((await read(at, 'tillhand.used')) ?? []).filter((each) => codes.has(each));
  await keep(at, 'tillhand.used', [...used, code]);
}

function holds(offer: OfferTold): boolean {
  return Date.parse(offer.valid_until) > Date.now();
}
