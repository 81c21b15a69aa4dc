// down: nobody is there. Connections are reset, and whoever tries again is reset as soon as he has come.

import { toxic } from '../fault.ts';
import { passing } from '../stage.ts';

export const down = toxic('everything', ['disconnected'], {}, () => (context) => {
  context.sever('reset');
  return passing(context);
});
