// One question to the server: answered, refused with a reason, or lost on the way. It never throws at a till.
import type { Doors, Why } from './protocol';
import type { Register } from './register';
import { SERVER } from './server';

const WITHIN_MS = 4_000; // a sale goes on without us long before a customer would notice

export type Asked<T> = { told: T } | { refused: Why } | { lost: true };
type Body<Door extends keyof Doors> = Omit<Doors[Door]['asked'], 'device' | 'location'>;

export async function ask<Door extends keyof Doors>(
  register: Register,
  door: Door,
  body: Body<Door>,
  withinMs = WITHIN_MS,
): Promise<Asked<Doors[Door]['told']>> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), withinMs);
  try {
    const token = await register.session.getSessionToken();
    if (!token) return { refused: { code: 'app.permission', message: 'This user may not use the app Tillhand.' } };
    const where = {
      device: String(register.session.deviceId),
      location: String(register.session.currentSession.locationId),
    };
    const answer = await fetch(`${SERVER}/pos/v1/${door}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...where, ...body }),
      signal: giveUp.signal,
    });
    if (answer.ok) return { told: (await answer.json()) as Doors[Door]['told'] };
    if (answer.status >= 500) return { lost: true };
    return { refused: why(await answer.json()) };
  } catch {
    return { lost: true };
  } finally {
    clearTimeout(timer);
  }
}

/** What a problem (RFC 9457) says to the associate. */
function why(problem: { code?: string; detail?: string; hint?: string }): Why {
  const message = [problem.detail, problem.hint].filter(Boolean).join(' ');
  return { code: problem.code ?? 'unknown', message: message || 'Tillhand did not answer.' };
}
