// What became of offers, kept until the server has said that it knows: one record each, so that no screen overwrites
// what another one noted.
import { ask } from './ask';
import type { DecisionTold, OutcomeTold } from './protocol';
import { drawn, type Register } from './register';

const PREFIX = 'tillhand.outcome.';
const AT_ONCE = 50;
const MOST = 80; // the storage of an extension holds a hundred records; the oldest give way
let flushing: Promise<void> | undefined;

/** Note it by the offer's decision, or by its code where the offer was approved beforehand. */
export async function note(at: Register, kind: OutcomeTold['kind'], told: DecisionTold, order = ''): Promise<void> {
  const code = told.decision ? '' : (told.offer?.code ?? '');
  const outcome: OutcomeTold = { id: drawn(), kind, decision: told.decision, code, at: new Date().toISOString(), order };
  const waiting = await outcomes(at);
  for (const old of waiting.slice(0, Math.max(0, waiting.length - MOST + 1))) await at.storage.delete(PREFIX + old.id);
  await at.storage.set(PREFIX + outcome.id, outcome);
  void flush(at);
}

/** Tell what is kept, oldest first; what was answered, whatever the answer, is told no more. One flush at a time. */
export function flush(at: Register): Promise<void> {
  flushing ??= tell(at).finally(() => {
    flushing = undefined;
  });
  return flushing;
}

export async function outcomes(at: Register): Promise<OutcomeTold[]> {
  const entries = (await at.storage.entries()) as [string, unknown][];
  const found = entries.filter(([name]) => name.startsWith(PREFIX)).map(([, value]) => value as OutcomeTold);
  return found.sort((one, other) => one.at.localeCompare(other.at));
}

async function tell(at: Register): Promise<void> {
  for (;;) {
    const batch = (await outcomes(at)).slice(0, AT_ONCE);
    if (batch.length === 0) return;
    const answer = await ask(at, 'outcome', { outcomes: batch });
    if (!('told' in answer)) return;
    for (const each of batch) await at.storage.delete(PREFIX + each.id);
  }
}
