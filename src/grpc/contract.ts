/** The messages of proto/supd/v1, as `pbjs` made them. Only from here: 64-bit numbers are set up first. */
import './numbers.js';
import { supd } from './gen/contract.js';

export { supd };
export const v1 = supd.v1;
