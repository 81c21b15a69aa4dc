// close: instead of the message comes a close frame with this code, and nothing after it. 1006 resets the connection.

import { codeField, FAULT_DEFAULTS } from '../../injection/fault-fields.ts';
import { messageFault } from '../fault.ts';

export const close = messageFault(
  'disconnected',
  { code: codeField },
  ({ code = FAULT_DEFAULTS.code }) =>
    (message, way) =>
      way.disconnect(message, code),
);
