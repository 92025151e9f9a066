import { h, icon } from '../dom.js';
import { plural, pounds } from '../format.js';
import { avatar, chip, clientLink, due, heading, matterLink, nothing, time } from '../parts.js';

const SHORTEST = 2;

// How a result of each type looks: its picture, its title, and what else is to be said.
const RESULTS = {
  Matter: (it) => [icon('briefcase'), matterLink(it), [it.reference, ' · ', clientLink(it.client)], chip(it.matterStatus)],
  Client: (it) => [icon('home'), clientLink(it), it.industry, it.outstandingCents > 0 && `${pounds(it.outstandingCents)} outstanding`],
  User: (it) => [avatar(it), h('a', { href: `/team#person-${it.id}` }, it.name), it.title, h('a', { href: `mailto:${it.email}` }, it.email)],
  Document: (it) => [icon('document'), h('a', { href: `/documents/${it.id}` }, it.title), matterLink(it.matter), time(it.updatedAt)],
  Task: (it) => [icon('check'), h('a', { href: `/matters/${it.matter.id}#task-${it.id}` }, it.title), matterLink(it.matter),
    [chip(it.taskStatus), ' ', due(it.dueAt, it.taskStatus !== 'DONE')]],
};
const NAMES = { Matter: 'Matter', Client: 'Client', User: 'Person', Document: 'Document', Task: 'Task' };

export default {
  variables: ({ text }) => text.length >= SHORTEST ? { text } : null,
  title: () => 'Search',
  draw(data, { given }) {
    if (!data) return [heading({ title: 'Search' }), nothing(`Type at least ${SHORTEST} characters into the field above.`)];
    const { search: found } = data;
    return [
      heading({ title: `“${given.text}”`, below: plural(found.length, 'result') }),
      found.length
        ? h('ol', { class: 'card flush rows results' }, found.map(result))
        : nothing('Nothing is called so. Matters, clients, documents, people and tasks are searched.'),
    ];
  },
};

function result(found) {
  const [picture, title, note, extra] = RESULTS[found.__typename](found);
  return h('li', { class: 'row' },
    h('span', { class: 'picture' }, picture),
    h('div', { class: 'grow' }, title, h('small', {}, note)),
    h('span', { class: 'facts' }, extra),
    h('span', { class: 'kind muted' }, NAMES[found.__typename]));
}
