import { h } from '../dom.js';
import { UNKNOWN, count, hours, plural } from '../format.js';
import { avatar, chip, heading, matterLink, stats, time } from '../parts.js';

export default {
  variables: () => ({}),
  title: () => 'Team',
  draw({ viewer, people }) {
    const total = (name) => people.some((it) => it[name] === null) ? null : people.reduce((sum, person) => sum + person[name], 0);
    return [
      heading({ above: viewer.organization.name ?? UNKNOWN, title: 'Team', below: plural(viewer.organization.peopleCount, 'person', 'people') }),
      stats(
        ['Open tasks', count(total('openTaskCount'))],
        ['Billed', hours(total('billedMinutes'))],
        ['Busiest', count(Math.max(...people.map((person) => person.openTaskCount))), 'open tasks on one desk'],
      ),
      h('ul', { class: 'deck' }, people.map(member)),
    ];
  },
};

function member(person) {
  const { id, name, title, role, email, lastSeenAt, openTaskCount, billedMinutes, ledMatters } = person;
  return h('li', { class: 'card', id: `person-${id}` },
    h('div', { class: 'person large' }, avatar(person), h('span', {}, h('b', {}, name), h('small', {}, title)), chip(role)),
    h('p', {}, h('a', { href: `mailto:${email}` }, email)),
    h('p', { class: 'muted' }, plural(openTaskCount, 'open task'), ' · ', hours(billedMinutes), ' billed · ',
      lastSeenAt ? ['seen ', time(lastSeenAt)] : 'never seen'),
    ledMatters.length > 0 && h('details', {},
      h('summary', {}, 'Leads ', plural(ledMatters.length, 'matter')),
      h('ul', { class: 'led' }, ledMatters.map((matter) => h('li', {}, matterLink(matter), ' ', chip(matter.status))))));
}
