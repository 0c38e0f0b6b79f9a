// Made by `python -m server.pos.typescript` of server/pos/asked.py and told.py; change those.

/** Who is the customer at the counter? `customer` is Shopify's number of them. */
export type InsightAsked = {
  device: string;
  location: string;
  customer: string;
};

/** What may be offered here today while there is no line? */
export type BeforehandAsked = {
  device: string;
  location: string;
};

/** One line; `variant` is Shopify's number of it, "" for what is not in the catalog, such as a custom sale. */
export type BasketLine = {
  variant?: string;
  sku?: string;
  quantity: number;
  price: string;
};

/** What is the offer for this state of a basket? */
export type DecisionAsked = {
  device: string;
  location: string;
  basket: string;
  revision: number;
  customer?: string;
  currency: string;
  lines: BasketLine[];
  subtotal: string;
  scanned?: string;
};

/** A manager says yes to the offer that waits on this register, and proves who they are by their PIN. */
export type ApproveAsked = {
  device: string;
  location: string;
  basket: string;
  decision: string;
  approver: string;
  pin: string;
};

/** What became of one offer. */
export type OutcomeTold = {
  id: string;
  kind: "shown" | "applied" | "dismissed" | "redeemed";
  decision?: string;
  code?: string;
  at: string;
  order?: string;
};

/** What became of offers, in any order; after a time without a line, many at once. */
export type OutcomesAsked = {
  device: string;
  location: string;
  outcomes: OutcomeTold[];
};

/** Why there is nothing, for programs and in a sentence for the associate. */
export type Why = {
  code: string;
  message: string;
};

/** One variant; `here` says whether it is in stock where the register stands. */
export type Item = {
  sku: string;
  title: string;
  here: boolean;
};

/** What an associate may know of a customer at the counter. It offers nothing, and takes nothing off. */
export type InsightTold = {
  known: boolean;
  lines: string[];
  viewed: Item[];
  left_in_cart: Item[];
  likely_next: Item[];
  consent_email: boolean;
  consent_sms: boolean;
  unclear: string[];
  partial: string[];
  as_of: string;
};

/** An offer that was decided. */
export type OfferTold = {
  code: string;
  words: string;
  percent: string;
  amount: string;
  currency: string;
  goods: string[];
  variants: string[];
  in_basket: boolean;
  applied: boolean;
  form: "single" | "bundle" | "home" | "promotion";
  days: number;
  valid_until: string;
};

/** Offers that were approved beforehand, for anybody who has their goods in the basket; each may be made once. */
export type BeforehandTold = {
  offers: OfferTold[];
  as_of: string;
};

/** The offer for one state of a basket, or a deliberate silence. */
export type DecisionTold = {
  basket: string;
  revision: number;
  transaction: string;
  status: "offered" | "waiting_for_manager" | "silent";
  decision: string;
  offer: OfferTold | null;
  approvers: string[];
  why: Why | null;
  scan: Why | null;
  partial: boolean;
  receipt: string;
  as_of: string;
};

/** What a manager's PIN came to. */
export type ApproveTold = {
  approved: boolean;
  decision: string;
  second: boolean;
  offer: OfferTold | null;
  why: Why | null;
};

/** What became of one telling; told again, it is answered the same. */
export type OutcomeResult = {
  id: string;
  result: "settled" | "unknown" | "refused";
  why: Why | null;
};

/** The results, in the order of the tellings. */
export type OutcomesTold = {
  results: OutcomeResult[];
};

/** What each door under /pos/v1/ is asked, and tells. */
export type Doors = {
  insight: { asked: InsightAsked; told: InsightTold };
  beforehand: { asked: BeforehandAsked; told: BeforehandTold };
  decision: { asked: DecisionAsked; told: DecisionTold };
  approve: { asked: ApproveAsked; told: ApproveTold };
  outcome: { asked: OutcomesAsked; told: OutcomesTold };
};
