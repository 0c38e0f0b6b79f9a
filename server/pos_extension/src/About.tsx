// What an associate may know of the customer, on any screen.
import type { Looked } from './look';
import type { Item } from './protocol';

export function About({ looked }: { looked: Looked | undefined }) {
  if (looked === undefined) return null;
  if ('why' in looked) return <s-text>{looked.why.message}</s-text>;
  const { told, stale } = looked;
  return (
    <s-section heading="About this customer">
      {stale ? <s-text tone="warning">No line: as of {told.as_of.slice(0, 16).replace('T', ' ')} UTC.</s-text> : null}
      {told.lines.map((line) => (
        <s-text key={line}>{line}</s-text>
      ))}
      <Goods heading="Looked at" items={told.viewed} />
      <Goods heading="Left in a cart" items={told.left_in_cart} />
      <Goods heading="Likely next" items={told.likely_next} />
      {told.unclear.length > 0 ? <s-text>Ask before writing to them: their records disagree.</s-text> : null}
      {told.partial.length > 0 ? <s-text color="subdued">Not read in time: {told.partial.join(', ')}.</s-text> : null}
    </s-section>
  );
}

function Goods({ heading, items }: { heading: string; items: Item[] }) {
  if (items.length === 0) return null;
  const names = items.map((item) => (item.here ? `${item.title} (in stock here)` : item.title));
  return (
    <s-text>
      {heading}: {names.join(', ')}
    </s-text>
  );
}
