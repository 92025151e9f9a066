import { h } from '../dom.js';
import { count, date, plural, size, words } from '../format.js';
import { card, chip, clientLink, heading, matterLink, person, stats, table, time } from '../parts.js';

export default {
  variables: ({ id }) => ({ id }),
  title: ({ document }) => document.title,
  draw({ document }) {
    if (!document) return null;
    const { matter } = document;
    return [
      heading({
        above: [clientLink(matter.client), ' · ', matterLink(matter)],
        title: document.title,
        chips: h('span', { class: 'chip' }, words(document.kind)),
      }),
      stats(
        ['Versions', count(document.versionCount)],
        ['Size', size(document.sizeBytes)],
        ['Changed', time(document.updatedAt), date(document.updatedAt)],
      ),
      h('div', { class: 'columns' },
        h('div', {}, card('Versions', { note: 'The newest first', flush: true }, versions(document.versions))),
        h('aside', {},
          card('Uploaded by', {}, h('p', {}, person(document.uploader))),
          card('Matter', {},
            h('p', {}, h('b', {}, matterLink(matter)), ' ', chip(matter.status)),
            h('p', { class: 'muted' }, matter.reference, ' · ', plural(matter.documentCount, 'document')))),
      ),
    ];
  },
};

function versions(list) {
  return table(list, [
    ['Version', (it) => h('b', {}, it.number)],
    ['Stored by', (it) => person(it.author)],
    ['Stored', (it) => time(it.createdAt, date)],
    ['SHA-256', (it) => h('code', { class: 'digest', title: it.checksum }, it.checksum), 'minor'],
  ], { empty: 'No version is stored.' });
}
