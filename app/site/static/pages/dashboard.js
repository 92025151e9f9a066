import { dayOf, startOf } from '../days.js';
import { h } from '../dom.js';
import { eventItem } from '../events.js';
import { count, words } from '../format.js';
import { notificationRow } from '../notifications.js';
import { card, chip, clientLink, due, heading, matterLink, nothing, person, stats, table } from '../parts.js';
import { taskRow } from '../tasks.js';

export default {
  isLive: true,
  variables: () => ({ today: dayOf(new Date()), from: startOf().toISOString() }),
  title: () => 'Dashboard',
  draw({ viewer, openMatters, upcoming }, context) {
    const atRisk = openMatters.some((it) => it.health === null) ? null : openMatters.filter((it) => it.health === 'AT_RISK').length;
    return [
      heading({
        above: [viewer.organization.name, ' · ', words(viewer.organization.plan), ' plan'],
        title: `${greeting()}, ${viewer.name.split(' ')[0]}`,
      }),
      stats(
        ['Your open tasks', count(viewer.openTaskCount)],
        ['Unread', count(viewer.unread.totalCount)],
        ['Open matters of the firm', count(viewer.organization.openMatterCount)],
        ['At risk', count(atRisk), `of the newest ${openMatters.length}`],
      ),
      h('div', { class: 'columns' },
        h('div', {},
          card('Your tasks', { note: `${viewer.assignedTasks.length} of ${count(viewer.openTaskCount)} open`, flush: true },
            rows(viewer.assignedTasks.map((task) => taskRow(task, context)), 'Nothing to do.')),
          card('Open matters', { note: 'The newest', flush: true }, matters(openMatters)),
        ),
        h('aside', {},
          card('Unread', { note: count(viewer.unread.totalCount), flush: true },
            rows(viewer.unread.nodes.map((it) => notificationRow(it, context)), 'You have read everything.'),
            h('p', { class: 'foot' }, h('a', { href: '/inbox' }, 'Go to the inbox'))),
          card('Coming up', {}, upcoming.length ? h('ul', { class: 'events' }, upcoming.map((it) => eventItem(it))) : nothing('No events.'),
            h('p', { class: 'foot' }, h('a', { href: '/calendar' }, 'Go to the calendar'))),
        ),
      ),
    ];
  },
};

function greeting(hour = new Date().getHours()) {
  if (hour < 12) return 'Good morning';
  return hour < 18 ? 'Good afternoon' : 'Good evening';
}

function rows(items, empty) {
  return items.length ? h('ul', { class: 'rows' }, items) : nothing(empty);
}

function matters(list) {
  return table(list, [
    ['Matter', (it) => [matterLink(it), h('small', {}, it.reference, ' · ', clientLink(it.client))]],
    ['Lead', (it) => person(it.lead), 'minor'],
    ['Due', (it) => due(it.dueAt), 'minor'],
    ['Open tasks', (it) => count(it.openTaskCount), 'num minor'],
    ['Health', (it) => chip(it.health)],
  ], { empty: 'No open matters.' });
}
