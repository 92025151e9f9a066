// An appointment in a list; a list that is of one day leaves the date out.

import { h, icon } from './dom.js';
import { clock, date } from './format.js';
import { matterLink, time } from './parts.js';

export function eventItem({ id, title, startsAt, endsAt, location, matter }, { isDated = true } = {}) {
  const isOver = new Date(endsAt) < new Date();
  const span = `${clock(startsAt)}–${clock(endsAt)}`;
  return h(
    'li', { class: `event ${isOver ? 'over' : ''}`, key: id, mark: true },
    h('span', { class: 'when' }, isDated ? [time(startsAt, date), h('small', {}, span)] : time(startsAt, () => span)),
    h('div', { class: 'grow' },
      h('span', {}, title),
      h('small', {}, location && h('span', { class: 'with-icon' }, icon('place'), location), matter && matterLink(matter))),
  );
}
