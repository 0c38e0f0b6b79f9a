// What is known of a customer: asked anew, or the last answer marked as old while there is no line.
import { ask } from './ask';
import { keep, read } from './kept';
import type { InsightTold, Why } from './protocol';
import type { Register } from './register';

export type Looked = { told: InsightTold; stale: boolean } | { why: Why };

export async function lookAt(register: Register, customer: string): Promise<Looked> {
  const answer = await ask(register, 'insight', { customer });
  if ('told' in answer) {
    await keep(register, 'tillhand.insight', { customer, told: answer.told });
    return { told: answer.told, stale: false };
  }
  if ('refused' in answer) return { why: answer.refused };
  const kept = await read(register, 'tillhand.insight');
  if (kept?.customer === customer) return { told: kept.told, stale: true };
  return { why: { code: 'line.lost', message: 'No line: nothing can be asked about this customer.' } };
}
