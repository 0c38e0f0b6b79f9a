// On the customer's own screen: what an associate may know of them. It offers nothing.
import '@shopify/ui-extensions/preact';
import type { Api } from '@shopify/ui-extensions/pos.customer-details.block.render';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { About } from './About';
import { lookAt, type Looked } from './look';
import type { Known } from './register';

declare const shopify: Known<Api>;

export default (): void => {
  render(<CustomerBlock />, document.body);
};

function CustomerBlock() {
  const [looked, setLooked] = useState<Looked>();
  useEffect(() => {
    void lookAt(shopify, String(shopify.customer.id)).then(setLooked);
  }, []);
  return (
    <s-pos-block heading="Tillhand">
      <About looked={looked} />
    </s-pos-block>
  );
}
