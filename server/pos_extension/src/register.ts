// The register as Shopify's API shows it, as far as we use it: the same parts on every screen.
import type { SessionApi, StorageApi } from '@shopify/ui-extensions/point-of-sale';

export type Register = SessionApi & StorageApi;

/** Shopify's screen APIs let any name through; this leaves the names that exist, so that a misspelt one is an error. */
export type Known<T> = { [Name in keyof T as string extends Name ? never : Name]: T[Name] };

/** A name nobody else draws; it has to be unlikely to be drawn twice, and not to be secret. */
export function drawn(): string {
  const part = (): string => Math.random().toString(36).slice(2, 10).padStart(8, '0');
  return part() + part() + part();
}
