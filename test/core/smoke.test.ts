import { test } from 'tap';

test('arithmetic holds', async (t) => {
  t.equal(1 + 1, 2);
});
