// One sale: the states of its basket, numbered, as the server is told them.
import type { Cart } from '@shopify/ui-extensions/point-of-sale';
import type { Sale } from './kept';
import { drawn } from './register';

const PLACES = 4; // decimals that sums are made with; no currency has more than three

/** What of a cart an offer depends on: who buys what. Discounts, notes and properties are not part of it. */
export function fingerprint(cart: Cart): string {
  return JSON.stringify([cart.customer?.id ?? 0, cart.lineItems.map((line) => [line.variantId ?? line.sku ?? '', line.quantity, line.price ?? 0])]);
}

export function begin(): string {
  return drawn();
}

/** This state of a cart, as the server is told it. */
export function stateOf(cart: Cart, basket: string, revision: number, currency: string): Sale {
  const lines = cart.lineItems.map((line) => ({
    variant: line.variantId === undefined ? '' : String(line.variantId),
    sku: line.sku ?? '',
    quantity: line.quantity,
    price: String(line.price ?? 0),
  }));
  return {
    basket,
    revision,
    customer: cart.customer ? String(cart.customer.id) : '',
    currency,
    lines,
    subtotal: plain(cart.subtotal) ?? sum(lines),
    scanned: '',
  };
}

/** The cart's own subtotal, where the register writes it as a plain number. */
function plain(text: string): string | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? text : undefined;
}

/** The lines' sum as decimal text, exact: no sum of floats is. */
function sum(lines: { quantity: number; price: string }[]): string {
  const total = lines.reduce((all, line) => all + scaled(line.price) * BigInt(line.quantity), 0n);
  const text = String(total < 0n ? -total : total).padStart(PLACES + 1, '0');
  const cents = text.slice(-PLACES).replace(/0+$/, '');
  return `${total < 0n ? '-' : ''}${text.slice(0, -PLACES)}${cents ? `.${cents}` : ''}`;
}

function scaled(price: string): bigint {
  const [whole = '0', part = ''] = price.split('.');
  return BigInt(whole + part.padEnd(PLACES, '0').slice(0, PLACES));
}
