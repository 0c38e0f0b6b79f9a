// On the receipt: the offer that was not used, as a code to scan another day. Nothing where none is promised.
import '@shopify/ui-extensions/preact';
import type { Api } from '@shopify/ui-extensions/pos.receipt-footer.block.render';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { read } from './kept';
import type { Known } from './register';

declare const shopify: Known<Api>;

export default (): void => {
  render(<ReceiptFooter />, document.body);
};

function ReceiptFooter() {
  const [text, setText] = useState('');
  useEffect(() => {
    if (shopify.transaction.transactionType === 'Sale') {
      void read(shopify, 'tillhand.receipt').then((kept) => setText(kept ?? ''));
    }
  }, []);
  if (!text) return null;
  return (
    <s-pos-block>
      <s-text>Your offer for next time: have this code scanned at the register.</s-text>
      <s-qr-code content={text} />
    </s-pos-block>
  );
}
