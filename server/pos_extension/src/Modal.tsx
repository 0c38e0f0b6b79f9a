// The offer and what may be done with it: apply, have a manager say yes by PIN, or not now; and who the customer is.
import '@shopify/ui-extensions/preact';
import type { Api } from '@shopify/ui-extensions/pos.home.modal.render';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask } from './ask';
import { About } from './About';
import { spend } from './beforehand';
import { type Answer, keep, madeAlone, read, takenOff } from './kept';
import { lookAt, type Looked } from './look';
import { note } from './outbox';
import type { DecisionTold, OfferTold, Why } from './protocol';
import type { Known } from './register';

declare const shopify: Known<Api>;

const SHORTEST = 6;
const LONGEST = 10;
const PIN_WITHIN_MS = 15_000; // a manager stands there, and the platform makes the code meanwhile

export default (): void => {
  render(<Modal />, document.body);
};

function Modal() {
  const [answer, setAnswer] = useState<Answer>();
  const [trouble, setTrouble] = useState<Why>();
  const [looked, setLooked] = useState<Looked>();
  const [said, setSaid] = useState('');

  const show = async (next: Answer | undefined): Promise<void> => {
    setAnswer(next);
    if (next?.told.status === 'offered' && !next.told.offer?.applied) await note(shopify, 'shown', next.told);
  };

  useEffect(() => {
    const open = async (): Promise<void> => {
      await show(await read(shopify, 'tillhand.answer'));
      setTrouble(await read(shopify, 'tillhand.trouble'));
      const customer = shopify.cart.current.value.customer;
      if (customer) setLooked(await lookAt(shopify, String(customer.id)));
    };
    void open();
    return shopify.scanner.scannerData.current.subscribe(({ data }) => {
      if (data) void scan(data).then((next) => next && show(next));
    });
  }, []);

  const attempt = (what: () => Promise<string>): void => {
    void what().then(setSaid, () => setSaid('That did not work; the sale goes on as it is.'));
  };

  return (
    <s-page heading="Tillhand">
      <s-scroll-box>
        {trouble ? <s-banner tone="critical" heading={trouble.message} /> : null}
        {said ? <s-banner tone="info" heading={said} /> : null}
        {madeAlone(answer) ? (
          <s-banner tone="info" heading="No line: an offer that was approved beforehand." />
        ) : null}
        {answer?.stale ? <s-banner tone="warning" heading="No line: this is the last answer, and may be out of date." /> : null}
        {answer?.told.scan?.message ? <s-banner tone="info" heading={answer.told.scan.message} /> : null}
        <OfferSection
          told={answer?.told}
          onApply={(offer, made) => attempt(() => apply(offer, made))}
          onPin={(approver, told) => pin(approver, told, (next) => void show(next))}
          onDismiss={(made) => attempt(() => dismiss(made).finally(() => setAnswer(undefined)))}
        />
        <About looked={looked} />
      </s-scroll-box>
    </s-page>
  );
}

type Offered = {
  told: DecisionTold | undefined;
  onApply: (offer: OfferTold, told: DecisionTold) => void;
  onPin: (approver: string, told: DecisionTold) => void;
  onDismiss: (told: DecisionTold) => void;
};

function OfferSection({ told, onApply, onPin, onDismiss }: Offered) {
  if (told?.status === 'waiting_for_manager') {
    return (
      <s-section heading="A manager decides this one">
        {told.approvers.length === 0 ? <s-text>No manager with a PIN is known here; they can answer in the console.</s-text> : null}
        {told.approvers.map((name) => (
          <s-button key={name} onClick={() => onPin(name, told)}>
            {name}
          </s-button>
        ))}
      </s-section>
    );
  }
  const offer = told?.status === 'offered' ? told.offer : null;
  if (!told || !offer) {
    return <s-section heading="Nothing to offer">{told?.why ? <s-text>{told.why.message}</s-text> : null}</s-section>;
  }
  return (
    <s-section heading={heading(offer)}>
      <s-text>{offer.words}</s-text>
      {offer.form === 'home' ? (
        <>
          <s-text>
            {offer.code
              ? `Not for this basket: the code ${offer.code} is for the online shop, which sends it home within ${offer.days} days.`
              : `Not for this basket: the receipt says where it is ordered, and it comes home within ${offer.days} days.`}
          </s-text>
          <s-button onClick={() => onDismiss(told)}>Not now</s-button>
        </>
      ) : offer.applied ? (
        <s-text tone="success">Applied.</s-text>
      ) : (
        <>
          <s-button variant="primary" onClick={() => onApply(offer, told)}>
            {!offer.code ? 'Add' : offer.in_basket ? 'Apply' : 'Add and apply'}
          </s-button>
          <s-button onClick={() => onDismiss(told)}>Not now</s-button>
        </>
      )}
    </s-section>
  );
}

function heading(offer: OfferTold): string {
  if (offer.code) return `${offer.percent} % off, ${offer.amount} ${offer.currency}`;
  return offer.form === 'promotion' ? 'In a promotion' : 'Sent home: the receipt says where';
}

async function apply(offer: OfferTold, told: DecisionTold): Promise<string> {
  const lying = new Set(shopify.cart.current.value.lineItems.map((line) => String(line.variantId ?? '')));
  for (const variant of offer.variants) {
    if (!lying.has(variant) && !(await shopify.cart.addLineItem(Number(variant), 1))) return 'It was not added, so nothing was applied.';
  }
  // goods in a promotion have no code: the register takes the promotion off by itself
  if (offer.code && told.decision) await shopify.cart.addCartCodeDiscount(offer.code);
  else if (offer.code && !(await takeOff(offer))) return 'Without a line this comes off a single piece alone.';
  await note(shopify, 'applied', told);
  const kept = await read(shopify, 'tillhand.answer');
  if (kept?.told.offer?.code === offer.code) {
    await keep(shopify, 'tillhand.answer', { ...kept, told: { ...kept.told, offer: { ...kept.told.offer, applied: true } } });
  }
  shopify.toast.show('The offer is on the basket.');
  return 'The offer is on the basket.';
}

/** The money of an offer approved beforehand, off its line: codes are looked up, and there is nobody to ask. */
async function takeOff(offer: OfferTold): Promise<boolean> {
  const line = shopify.cart.current.value.lineItems.find((each) => offer.variants.includes(String(each.variantId ?? '')));
  if (line?.quantity !== 1) return false; // an amount off a line is off each of its pieces
  await shopify.cart.setLineItemDiscount(line.uuid, 'FixedAmount', `Tillhand ${offer.code}`, offer.amount);
  await spend(shopify, offer.code);
  return true;
}

async function dismiss(told: DecisionTold): Promise<string> {
  await note(shopify, 'dismissed', told);
  if (told.decision) await shopify.storage.delete('tillhand.answer');
  else await keep(shopify, 'tillhand.answer', { told: { ...told, status: 'silent', offer: null }, stale: true });
  return 'Nothing more is offered with this sale.';
}

/** A manager types their PIN; the digits go to the server and nowhere else. */
function pin(approver: string, told: DecisionTold, approved: (next: Answer) => void): void {
  shopify.pinPad.showPinPad(
    async (digits) => {
      const body = { basket: told.basket, decision: told.decision, approver, pin: digits.join('') };
      const answer = await ask(shopify, 'approve', body, PIN_WITHIN_MS);
      if (!('told' in answer)) {
        return { result: 'reject', errorMessage: 'refused' in answer ? answer.refused.message : 'No line: nobody can approve now.' };
      }
      if (answer.told.second) return { result: 'reject', errorMessage: 'Kept. Another manager must say yes too.' };
      if (!answer.told.approved || !answer.told.offer) {
        return { result: 'reject', errorMessage: answer.told.why?.message ?? 'Not approved.' };
      }
      const next: Answer = {
        told: { ...told, status: 'offered', decision: answer.told.decision, offer: answer.told.offer, approvers: [] },
        stale: false,
      };
      await keep(shopify, 'tillhand.answer', next);
      approved(next);
      return { result: 'accept' };
    },
    { title: approver, label: 'Manager PIN', masked: true, minPinLength: SHORTEST, maxPinLength: LONGEST },
  );
}

/** A scanned offer, asked about with the basket as it is. */
async function scan(scanned: string): Promise<Answer | undefined> {
  const sale = await read(shopify, 'tillhand.sale');
  if (!sale || takenOff(await read(shopify, 'tillhand.answer'))) return undefined;
  const answer = await ask(shopify, 'decision', { ...sale, scanned: scanned.slice(0, 512) });
  if (!('told' in answer)) return undefined;
  const next: Answer = { told: answer.told, stale: false };
  await keep(shopify, 'tillhand.answer', next);
  return next;
}
