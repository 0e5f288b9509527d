export { buildSolicitedAdvertisement as buildNeighborAnswer } from './neighborAdvertisement.js';
