/** The messages of gRPC's own protocols, health and reflection, as `pbjs` made them. */
import './numbers.js';
import { grpc } from './gen/standard.js';

export const healthV1 = grpc.health.v1;
export const reflectionV1 = grpc.reflection.v1;
export type { grpc };
