import { moreButton } from '../actions.js';
import { dayOf, startOf } from '../days.js';
import { h } from '../dom.js';
import { eventItem } from '../events.js';
import { date, plural, weekday } from '../format.js';
import { card, heading, nothing } from '../parts.js';
import { taskRow } from '../tasks.js';

const DAYS = 14;

export default {
  variables: ({ from }) => ({ from: startOf(from).toISOString(), before: startOf(from, DAYS).toISOString() }),
  title: () => 'Calendar',
  draw({ events, due }, context) {
    const { from } = context.given;
    const days = [...byDay(events.nodes, due.nodes)].sort(([one], [other]) => one.localeCompare(other));
    const hasMore = events.pageInfo.hasNextPage || due.pageInfo.hasNextPage;
    return [
      heading({
        title: 'Calendar',
        below: `${date(startOf(from))} – ${date(startOf(from, DAYS - 1))}: ${shown(events, 'event')}, ${shown(due, 'task')} due`,
      }),
      h('nav', { class: 'tabs', 'aria-label': 'Weeks' },
        h('a', { href: link(-DAYS) }, '← Earlier'),
        h('a', { href: '/calendar', 'aria-current': !from && 'page' }, 'From today'),
        h('a', { href: link(DAYS) }, 'Later →')),
      h('div', { class: 'agenda' }, days.length ? days.map(([day, of]) => ofDay(day, of, context)) : nothing('Nothing is planned.')),
      hasMore && h('div', { class: 'card flush' }, moreButton(context, 'more', next)),
    ];

    async function next() {
      const further = await context.more({ eventsAfter: events.pageInfo.endCursor, tasksAfter: due.pageInfo.endCursor });
      context.edit((data) => {
        data.events = joined(data.events, further.events);
        data.due = joined(data.due, further.due);
      });
    }

    function link(days) {
      return `/calendar?from=${dayOf(startOf(from, days))}`;
    }
  },
};

// A connection with the page that comes after it. The end of one that was at its end already has no cursor.
function joined({ nodes, pageInfo }, further) {
  return {
    nodes: [...nodes, ...further.nodes],
    pageInfo: { ...further.pageInfo, endCursor: further.pageInfo.endCursor ?? pageInfo.endCursor },
  };
}

function shown({ nodes, pageInfo }, name) {
  return `${pageInfo.hasNextPage ? 'the first ' : ''}${plural(nodes.length, name)}`;
}

function byDay(events, tasks) {
  const days = new Map();
  const on = (moment) => {
    const day = dayOf(new Date(moment));
    if (!days.has(day)) days.set(day, { events: [], tasks: [] });
    return days.get(day);
  };
  events.forEach((event) => on(event.startsAt).events.push(event));
  tasks.forEach((task) => on(task.dueAt).tasks.push(task));
  return days;
}

function ofDay(day, { events, tasks }, context) {
  return card(weekday(startOf(day)), { note: day === dayOf(new Date()) && 'Today', flush: true },
    h('div', { class: 'day' },
      h('div', {}, h('h3', {}, 'Events'),
        events.length ? h('ul', { class: 'events' }, events.map((it) => eventItem(it, { isDated: false }))) : nothing('None.')),
      h('div', {}, h('h3', {}, 'Due'),
        tasks.length ? h('ul', { class: 'rows' }, tasks.map((it) => taskRow(it, context, { isDated: false }))) : nothing('None.'))));
}
