// What the screens share through the register's storage: each name is written by one screen, and read by the others.
import type { DecisionAsked, DecisionTold, InsightTold, OfferTold, Why } from './protocol';
import type { Register } from './register';

export type Sale = Omit<DecisionAsked, 'device' | 'location'>;

/** The answer to the newest state of the basket; `stale` while the register has no line to ask about it. */
export type Answer = { told: DecisionTold; stale: boolean };

/** Whether it is an offer approved beforehand: no server decided on this basket. */
export function madeAlone(answer: Answer | undefined): boolean {
  return answer?.told.decision === '' && answer.told.offer !== null;
}

/** Whether such an offer came off the basket: the sale has had its offer, though no server knows of it. */
export function takenOff(answer: Answer | undefined): boolean {
  return madeAlone(answer) && answer?.told.offer?.applied === true;
}

/** Offers for the time without a line, and when they were asked for. */
export type Beforehand = { offers: OfferTold[]; asked: number };

/** The last customer that was looked at. */
export type Insight = { customer: string; told: InsightTold };

export type Kept = {
  'tillhand.sale': Sale; // written by the background
  'tillhand.answer': Answer; // by the background, and by the modal after a PIN or a scan
  'tillhand.trouble': Why; // by the background
  'tillhand.insight': Insight; // by the modal and the customer's block
  'tillhand.receipt': string; // by the background
  'tillhand.beforehand': Beforehand; // by the background
  'tillhand.used': string[]; // by the modal: codes of such offers that are on a basket, or were
};

export async function read<Name extends keyof Kept>(from: Register | Pick<Register, 'storage'>, name: Name): Promise<Kept[Name] | undefined> {
  return (await from.storage.get(name)) as Kept[Name] | undefined;
}

export async function keep<Name extends keyof Kept>(at: Register, name: Name, value: Kept[Name]): Promise<void> {
  await at.storage.set(name, value);
}

export async function forget(at: Register, ...names: (keyof Kept)[]): Promise<void> {
  for (const name of names) await at.storage.delete(name);
}
