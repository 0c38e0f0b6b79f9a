// The tile on the register's home screen: whether there is an offer, and the way to it.
import '@shopify/ui-extensions/preact';
import type { Api } from '@shopify/ui-extensions/pos.home.tile.render';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Answer, read } from './kept';
import type { Why } from './protocol';
import type { Known } from './register';

declare const shopify: Known<Api>;

const LOOK_MS = 1_000; // storage tells nobody that it has changed
const TRANSACTION = 'pos_transaction_id'; // the order's attribute by which the server knows the sale again

export default (): void => {
  render(<Tile />, document.body);
};

function Tile() {
  const [answer, setAnswer] = useState<Answer>();
  const [trouble, setTrouble] = useState<Why>();
  useEffect(() => {
    const look = async (): Promise<void> => {
      const kept = await read(shopify, 'tillhand.answer');
      setAnswer(kept);
      setTrouble(await read(shopify, 'tillhand.trouble'));
      const cart = shopify.cart.current.value;
      const sale = kept?.told.transaction;
      if (sale && cart.editable !== false && cart.properties[TRANSACTION] !== sale) {
        await shopify.cart.addCartProperties({ [TRANSACTION]: sale });
      }
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const found = answer !== undefined && answer.told.status !== 'silent';
  return (
    <s-tile
      heading="Tillhand"
      subheading={said(answer, trouble)}
      itemCount={found ? 1 : 0}
      tone={found ? 'accent' : 'neutral'}
      onClick={() => shopify.action.presentModal()}
    />
  );
}

function said(answer: Answer | undefined, trouble: Why | undefined): string {
  if (answer?.told.status === 'offered') return answer.stale ? 'An offer, not asked anew' : 'An offer for this basket';
  if (answer?.told.status === 'waiting_for_manager') return 'A manager may approve an offer';
  return trouble ? 'Look here' : 'Nothing to offer';
}
