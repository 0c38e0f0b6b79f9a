// Runs as long as the register does: it tells every change of the cart, keeps the answer for the screens, and tells what
// became of offers, later when there is no line.
import type { Api, ShopifyGlobal } from '@shopify/ui-extensions/pos.app.ready.data';
import type { TransactionCompleteEvent } from '@shopify/ui-extensions/pos.app.ready.data';
import { ask } from './ask';
import { offerFor, stock } from './beforehand';
import { forget, keep, madeAlone, read, type Sale, takenOff } from './kept';
import { flush, note, outcomes } from './outbox';
import type { Known } from './register';
import { begin, fingerprint, stateOf } from './sale';

declare const shopify: Known<Api> & ShopifyGlobal;

const QUIET_MS = 300; // while goods are scanned one after another, only what then lies there is asked about
const RETRY_MS = 30_000;

export default (): void => {
  let basket = begin();
  let revision = 0;
  let print = '';
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const online = (): boolean => shopify.connectivity.current.value.internetConnected === 'Connected';

  /** Nobody can be asked: what was answered stays, marked as old; else an offer approved beforehand may be made. */
  const alone = async (state?: Sale): Promise<void> => {
    const kept = await read(shopify, 'tillhand.answer');
    const open = !kept || (madeAlone(kept) && !takenOff(kept)); // it goes with its basket, and not with another
    const told = state && open ? await offerFor(shopify, state) : undefined;
    if (told) await keep(shopify, 'tillhand.answer', { told, stale: false });
    else if (state && open) await forget(shopify, 'tillhand.answer');
    else if (kept && !kept.stale) await keep(shopify, 'tillhand.answer', { ...kept, stale: true });
  };

  const over = async (): Promise<void> => {
    basket = begin();
    revision = 0;
    print = '';
    await forget(shopify, 'tillhand.answer', 'tillhand.sale', 'tillhand.insight');
  };

  const decide = async (): Promise<void> => {
    revision += 1;
    const state = stateOf(shopify.cart.current.value, basket, revision, shopify.session.currentSession.currency);
    const newest = (): boolean => state.basket === basket && state.revision === revision; // else another answer comes
    const had = async (): Promise<boolean> => takenOff(await read(shopify, 'tillhand.answer'));
    if ((await had()) || !newest()) return;
    await keep(shopify, 'tillhand.sale', state);
    if (!online()) return alone(state);
    const answer = await ask(shopify, 'decision', state);
    if ((await had()) || !newest()) return;
    if ('told' in answer) {
      await keep(shopify, 'tillhand.answer', { told: answer.told, stale: false });
      await forget(shopify, 'tillhand.trouble');
    } else {
      if ('refused' in answer) await keep(shopify, 'tillhand.trouble', answer.refused);
      await alone('lost' in answer ? state : undefined);
    }
  };

  const changed = (): void => {
    const cart = shopify.cart.current.value;
    const now = fingerprint(cart);
    if (now === print) return;
    print = now;
    clearTimeout(waiting);
    if (cart.lineItems.length === 0) {
      void over();
      return;
    }
    waiting = setTimeout(() => void decide(), QUIET_MS);
  };

  const completed = async (event: TransactionCompleteEvent): Promise<void> => {
    if (event.transactionType !== 'Sale') return;
    const kept = await read(shopify, 'tillhand.answer');
    const offer = kept?.told.offer;
    const paid = offer && event.discounts.some((each) => each.discountDescription?.includes(offer.code));
    if (kept && paid) {
      await note(shopify, 'redeemed', kept.told, event.orderId === undefined ? '' : String(event.orderId));
      await forget(shopify, 'tillhand.receipt');
    } else if (kept?.told.receipt) {
      await keep(shopify, 'tillhand.receipt', kept.told.receipt);
    } else {
      await forget(shopify, 'tillhand.receipt');
    }
    await over();
  };

  shopify.cart.current.subscribe(changed);
  shopify.connectivity.current.subscribe(() => {
    if (!online()) {
      void alone();
      return;
    }
    void flush(shopify);
    void stock(shopify);
    if (shopify.cart.current.value.lineItems.length > 0) void decide();
  });
  shopify.addEventListener('transactioncomplete', (event) => void completed(event));
  setInterval(() => {
    if (online()) void stock(shopify);
    void outcomes(shopify).then((kept) => (kept.length > 0 && online() ? flush(shopify) : undefined));
  }, RETRY_MS);
  if (online()) void stock(shopify);
  changed();
};
