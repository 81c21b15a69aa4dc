// drop: the message does not get through.

import { messageFault } from '../fault.ts';

export const drop = messageFault('dropped', {}, () => (message, way) => way.drop(message));
